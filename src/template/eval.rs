//! Values while rendering: paths, literals, helpers. Strict: what is absent is an error unless `default` asks.

use serde_json::Value;

use super::ast::{Arg, Expr, Path, Span};
use super::failure;
use super::helpers::{self, Helper};
use super::python;
use super::render::{Here, Run};
use super::scope::{Bound, Miss, Scope, ScopeKind, Val};
use super::source::Fail;
use super::writer::{NOWHERE, Part};

impl<'a> Run<'a, '_> {
    /// The names that a partial starts with.
    pub fn partial_scope<'s>(
        &mut self,
        context: Option<&'a Expr>,
        args: &'a [Arg],
        here: &Here<'a, 's>,
    ) -> Result<Scope<'a, 's>, Fail> {
        let this = match context {
            Some(context) => self.eval(context, here)?,
            None => here.scope.this.clone(),
        };
        let mut names = Vec::with_capacity(args.len());
        for arg in args {
            names.push((&*arg.name, self.eval(&arg.value, here)?));
        }
        let kind = ScopeKind::Partial { own_context: context.is_some() };
        Ok(Scope { this, names, round: None, kind, outer: Some(here.scope) })
    }

    pub fn eval(&mut self, expr: &'a Expr, here: &Here<'a, '_>) -> Result<Bound<'a>, Fail> {
        match expr {
            Expr::Literal(value, _) => Ok(Bound { val: Val::Ref(value), path: NOWHERE }),
            Expr::Path(path) => self.find(path, here).map_err(|miss| failure::path(here, path, &miss)),
            Expr::Helper(call) => {
                let args = &call.args;
                match call.helper {
                    Helper::And | Helper::Or => {
                        let stop_at = call.helper == Helper::Or;
                        for arg in &args[..args.len() - 1] {
                            let value = self.eval(arg, here)?;
                            if truth(value.get(), false, arg, here)? == stop_at {
                                return Ok(value);
                            }
                        }
                        self.eval(&args[args.len() - 1], here)
                    }
                    Helper::Default => match self.eval_or_absent(&args[0], here)? {
                        Some(value) if !value.get().is_null() && python::unread(value.get()).is_none() => Ok(value),
                        _ => self.eval(&args[1], here),
                    },
                    Helper::First => {
                        let list = self.eval(&args[0], here)?;
                        match list.item(0, &mut self.writer) {
                            Some(item) => Ok(item),
                            None => apply(call.helper, &[list], call.span, here),
                        }
                    }
                    Helper::Lookup => {
                        let (holder, key) = (self.eval(&args[0], here)?, self.eval(&args[1], here)?);
                        self.lookup(&holder, &key).map_err(|error| failure::helper(here, call.span, error))
                    }
                    helper => {
                        let mut values = Vec::with_capacity(args.len());
                        for arg in args {
                            values.push(self.eval(arg, here)?);
                        }
                        apply(helper, &values, call.span, here)
                    }
                }
            }
        }
    }

    fn lookup(&mut self, holder: &Bound<'a>, key: &Bound<'a>) -> Result<Bound<'a>, helpers::HelperError> {
        let part = match (&key.val, key.get()) {
            (Val::Ref(Value::String(name)), _) => Some(Part::Key(name.as_str())),
            (_, Value::Number(index)) => index.as_u64().and_then(|index| u32::try_from(index).ok()).map(Part::Index),
            _ => None,
        };
        let path = part.map_or(NOWHERE, |part| self.writer.path(holder.path, part));
        let val = match &holder.val {
            Val::Ref(value) => Val::Ref(helpers::lookup(value, key.get())?),
            Val::Owned(value) => Val::Owned(helpers::lookup(value, key.get())?.clone().into()),
        };
        if self.printing {
            self.writer.printed(path);
        }
        Ok(Bound { val, path })
    }

    /// The value, or none where only the last step of the way to it is absent.
    fn eval_or_absent(&mut self, expr: &'a Expr, here: &Here<'a, '_>) -> Result<Option<Bound<'a>>, Fail> {
        match expr {
            Expr::Path(path) => match self.find(path, here) {
                Ok(value) => Ok(Some(value)),
                Err(Miss::Absent { seg, .. }) if seg + 1 == path.segs.len() => Ok(None),
                Err(miss) => Err(failure::path(here, path, &miss)),
            },
            Expr::Helper(call) if call.helper == Helper::Lookup => {
                let (holder, key) = (self.eval(&call.args[0], here)?, self.eval(&call.args[1], here)?);
                match self.lookup(&holder, &key) {
                    Ok(value) => Ok(Some(value)),
                    Err(_) if holder.get().is_object() && key.get().is_string() => Ok(None),
                    Err(_) if holder.get().is_array() && key.get().is_u64() => Ok(None),
                    Err(error) => Err(failure::helper(here, call.span, error)),
                }
            }
            Expr::Helper(call) if call.helper == Helper::First => {
                let list = self.eval(&call.args[0], here)?;
                if list.get().as_array().is_some_and(Vec::is_empty) || list.get().is_null() {
                    return Ok(None);
                }
                self.eval(expr, here).map(Some)
            }
            _ => self.eval(expr, here).map(Some),
        }
    }

    fn find(&mut self, path: &'a Path, here: &Here<'a, '_>) -> Result<Bound<'a>, Miss<'a>> {
        let bound = here.scope.find(path, self.data, &mut self.writer)?;
        if self.printing {
            self.writer.printed(bound.path);
        }
        Ok(bound)
    }
}

fn apply<'a>(helper: Helper, values: &[Bound<'a>], span: Span, here: &Here<'a, '_>) -> Result<Bound<'a>, Fail> {
    let values: Vec<&Value> = values.iter().map(Bound::get).collect();
    helpers::apply(helper, &values).map(Bound::computed).map_err(|error| failure::helper(here, span, error))
}

/// Whether Python would take a value for true.
pub fn truth(value: &Value, zero_is_true: bool, expr: &Expr, here: &Here) -> Result<bool, Fail> {
    match python::unread(value) {
        Some(reason) => Err(failure::helper(here, expr.span(), helpers::unread(&reason))),
        None => Ok(python::truthy(value, zero_is_true)),
    }
}
