//! How far a build is, told while it runs. Only the trait: who shows it is in `report/`.

/// Called by the build, from any thread. Every method may do nothing.
pub trait Progress: Send + Sync {
    /// A stretch of work begins: `rendering` 84 things, or work whose size is not known.
    fn begin(&self, what: &str, total: Option<usize>);
    /// `count` more things of the stretch are done.
    fn advance(&self, count: usize);
    /// The stretch is over.
    fn end(&self);
    /// A thing has begun that takes a while, and is shown until it is done.
    fn begins(&self, _name: &str) {}
    /// It is done.
    fn ends(&self, _name: &str) {}
    /// Something went wrong that will be told in full at the end.
    fn fail(&self, _text: &str) {}
    /// Something that the user wants to know now, such as that another build is waited for.
    fn note(&self, text: &str);
}

/// Tells nobody.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: Option<usize>) {}
    fn advance(&self, _count: usize) {}
    fn end(&self) {}
    fn note(&self, _text: &str) {}
}
