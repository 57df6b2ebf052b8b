namespace LlamaEngine.Build;

/// <summary>Deletes what building left.</summary>
internal static class Cleaning
{
    /// <summary>Deletes artifacts/ and the bin/ and obj/ of every project but this program, which is running.</summary>
    public static int Clean(Repository repository)
    {
        IEnumerable<string> projects = repository.FindProjects("*").Select(project => Path.GetDirectoryName(project)!);
        IEnumerable<string> outputs = projects.SelectMany(folder => (string[])[Path.Combine(folder, "bin"), Path.Combine(folder, "obj")]);
        foreach (string folder in outputs.Append(repository.Artifacts))
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        return 0;
    }
}
