namespace LlamaEngine.Cli;

/// <summary>What the command's exit code says.</summary>
internal static class ExitCodes
{
    /// <summary>The work is done.</summary>
    public const int Success = 0;

    /// <summary>It could not be done; standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>serve</c> was told to stop, and had to cut requests off that did not end in time.</summary>
    public const int CutOff = 3;

    /// <summary>Ctrl+C, as shells report it.</summary>
    public const int Cancelled = 130;
}
