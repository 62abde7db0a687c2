//! `hfgen explain HF012`: the page of a finding's code, or the list of all codes.

use clap::Args;

use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::finding::codes::output::UNKNOWN_CODE;
use crate::finding::codes::{self, Code};
use crate::finding::{Finding, did_you_mean};
use crate::report::Look;

/// The code to explain.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen explain              every code with one line
  hfgen explain HF400        the page of one code; 400 and edited-by-hand mean the same")]
pub struct ExplainArgs {
    /// A code (HF400), its number, or its name (edited-by-hand)
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

pub fn run(context: &Context<'_>, args: &ExplainArgs) -> Ended {
    let look = &context.console.out;
    match &args.code {
        None => context.console.answer(&list(look)),
        Some(asked) => context.console.answer(&page(find(asked).ok_or_else(|| unknown(asked))?, look)),
    }
    Ok(Exit::Fine)
}

fn find(asked: &str) -> Option<&'static Code> {
    let asked = asked.trim().to_lowercase();
    let number = asked.strip_prefix("hf").unwrap_or(&asked).parse::<u16>().ok();
    codes::all().find(|code| Some(code.id.0) == number || code.name == asked)
}

fn unknown(asked: &str) -> Stop {
    let ids: Vec<String> = codes::all().map(|code| code.id.to_string()).collect();
    let near = did_you_mean(&asked.to_uppercase(), ids.iter().map(String::as_str))
        .or_else(|| did_you_mean(asked, codes::all().map(|code| code.name)));
    let help = near.unwrap_or_else(|| "`hfgen explain` lists every code".to_owned());
    Finding::error(UNKNOWN_CODE, format!("no finding has the code `{asked}`")).help(help).into()
}

fn list(look: &Look) -> String {
    let width = codes::all().map(|code| code.name.len()).max().unwrap_or(0);
    let line = |code: &Code| {
        let id = look.strong(&code.id.to_string());
        format!("{id}  {name:<width$}  {summary}\n", name = code.name, summary = code.summary)
    };
    codes::all().map(line).collect()
}

fn page(code: &Code, look: &Look) -> String {
    let title = look.strong(&format!("{} {}", code.id, code.name));
    let mut page = format!("{title}: {}\n\n", code.summary);
    for line in code.page.trim().lines() {
        page.push_str(&if line.starts_with('#') { look.strong(line) } else { line.to_owned() });
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_code_number_and_name() {
        for asked in ["HF400", "hf400", "400", "edited-by-hand", " HF400 "] {
            assert_eq!(find(asked).map(|code| code.id.0), Some(400), "{asked}");
        }
        assert!(find("HF").is_none() && find("").is_none() && find("HF-1").is_none());
    }

    #[test]
    fn near_misses_are_suggested() {
        let help = |asked: &str| unknown(asked).findings[0].help.clone().unwrap();
        assert_eq!(help("edited-by-hnd"), "did you mean `edited-by-hand`?");
        assert_eq!(help("zzz-zzz-zzz"), "`hfgen explain` lists every code");
    }

    /// The catalogue that the pages come from: numbers once, names once, a page for each.
    #[test]
    fn every_code_has_its_own_number_name_and_page() {
        let all: Vec<&Code> = codes::all().collect();
        for (at, code) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.id != code.id), "{} twice", code.id);
            assert!(all[..at].iter().all(|other| other.name != code.name), "{} twice", code.name);
            assert!(
                code.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                code.name
            );
            assert!(!code.summary.ends_with('.') && !code.summary.contains('\n'), "summary of {}", code.id);
            assert!(code.page.trim().len() > 80, "{} needs a page", code.id);
        }
    }
}
