//! What a rule demands of its outputs' structure, as data. The checking itself lives in `validate/`.
