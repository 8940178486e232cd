fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some(dothi::import::child::SUBCOMMAND) {
        return std::process::ExitCode::from(dothi::import::reader::run_reader() as u8);
    }
    std::process::ExitCode::SUCCESS
}
