//! The `imgbuild` binary: nothing but the way into the library.

fn main() -> std::process::ExitCode {
    imgbuild::cli::main()
}
