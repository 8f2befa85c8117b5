//! What commands write to standard output and standard error; no other module prints.
//!
//! Whoever reads may go away, as `head` does: that is no fault of the command, which goes on to its end and its usual
//! exit code. `println!` panics then, so it is denied in the library.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
};

use crate::{
    domain::{code::Code, language::Language},
    error::Error,
    web::texts::Say as _,
};

/// A line of the command's result.
///
/// # Errors
/// A sentence: it cannot be written, as on a full disk. A reader that went away is no error.
pub(super) fn result(line: impl Display) -> Result<(), String> {
    write_line(&mut io::stdout().lock(), line).map_err(|error| format!("write to standard output: {error}"))
}

/// A line beside the result, for a person. Where it cannot be written nobody is there to be told.
pub(super) fn note(line: impl Display) {
    let _ = write_line(&mut io::stderr().lock(), line);
}

fn write_line(to: &mut impl Write, line: impl Display) -> io::Result<()> {
    match writeln!(to, "{line}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// What went wrong with what was asked for, as a sentence for a terminal.
pub(super) fn in_words(what: &str, error: &Error) -> String {
    let code = match error {
        Error::Invalid(wrong) => wrong.first().map_or(Code::Invalid, |wrong| wrong.code),
        Error::Unavailable(_) | Error::Internal(_) => return format!("{what}: {error}"),
        error => error.code(),
    };
    format!("{what}: {}", Language::En.say(code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn f14_a_reader_that_went_away_is_no_error_and_a_full_disk_is_one() {
        assert!(write_line(&mut Broken(ErrorKind::BrokenPipe), "one").is_ok());
        assert!(write_line(&mut Broken(ErrorKind::StorageFull), "one").is_err());
        let mut there = Vec::new();
        write_line(&mut there, "one").expect("written");
        assert_eq!(there, b"one\n");
    }
}
