//! Codes HF200 to HF299: templates.

use super::{Code, CodeId};

pub const SYNTAX: CodeId = CodeId(200);
pub const UNCLOSED: CodeId = CodeId(201);
pub const UNKNOWN_HELPER: CodeId = CodeId(202);
pub const HELPER_ARGUMENTS: CodeId = CodeId(203);
pub const TOO_DEEP: CodeId = CodeId(204);
pub const TOO_LARGE: CodeId = CodeId(205);
pub const RAW_BLOCK: CodeId = CodeId(206);
pub const DYNAMIC_PARTIAL: CodeId = CodeId(207);
pub const PARTIAL_BLOCK: CodeId = CodeId(208);
pub const STRAY_CONTENT: CodeId = CodeId(209);
pub const BLOCK_TWICE: CodeId = CodeId(210);
pub const MISSING_PARTIAL: CodeId = CodeId(220);
pub const CYCLE: CodeId = CodeId(221);
pub const DUPLICATE_TEMPLATE: CodeId = CodeId(222);
pub const BAD_TEMPLATE_NAME: CodeId = CodeId(223);
pub const UNKNOWN_BLOCK: CodeId = CodeId(224);
pub const EXPANDS: CodeId = CodeId(225);
pub const NOTHING_OVERRIDDEN: CodeId = CodeId(226);
pub const UNKNOWN_FIELD: CodeId = CodeId(240);
pub const NO_FIELDS: CodeId = CodeId(241);
pub const BARE_VALUE: CodeId = CodeId(242);
pub const MULTI_LINE: CodeId = CodeId(243);
pub const UNREAD: CodeId = CodeId(244);
pub const WRONG_KIND: CodeId = CodeId(245);
pub const UNUSED_PARTIAL: CodeId = CodeId(260);
pub const NEVER_THERE: CodeId = CodeId(261);
pub const DEAD_BRANCH: CodeId = CodeId(262);
pub const PYTHON_BRACES: CodeId = CodeId(263);
pub const BLOCK_HIDES_TEMPLATE: CodeId = CodeId(264);
pub const OVERRIDDEN_TWICE: CodeId = CodeId(265);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
