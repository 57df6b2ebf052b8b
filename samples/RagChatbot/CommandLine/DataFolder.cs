using System.Security.Cryptography;
using System.Text;

namespace RagChatbot.CommandLine;

/// <summary>The folder that keeps index and conversations. Nobody but its owner may look into it.</summary>
/// <param name="path">Where it is.</param>
internal sealed class DataFolder(string path)
{
    /// <summary>Where it is if a command line does not say.</summary>
    /// <exception cref="UsageException">This user has no folder for such data.</exception>
    public static string Standard
    {
        get
        {
            string parent = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return parent.Length > 0 ? Path.Combine(parent, "LlamaEngine", "RagChatbot") : throw new UsageException("There is no folder for this user's data; --data names one.");
        }
    }

    /// <summary>The conversations' file.</summary>
    public string Conversations => Path.Combine(path, "conversations.db");

    /// <summary>Makes the folder where there is none.</summary>
    public void Create()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path); // below the user's profile, which is theirs alone
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The index of a folder of documents: each has its own, so that taking turns between two reads neither again.</summary>
    public string IndexOf(string documents)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(documents)));
        return Path.Combine(path, $"index-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}.db");
    }
}
