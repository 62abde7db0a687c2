//! The coverage map for people and programs: each format is a function from the map to text.
//!
//! Map of the folder: `human` and `markdown` count, `json` has every cell, `badge` is one number as an SVG, `html` is one page
//! (`page.html` with `page.css` and `page.js` inside) that needs nothing but a browser; `lists` groups cells by reason.

pub mod badge;
pub mod html;
pub mod human;
pub mod json;
pub mod lists;
pub mod markdown;
