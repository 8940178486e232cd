fn main() -> std::process::ExitCode {
    dothi::cli::main()
}
