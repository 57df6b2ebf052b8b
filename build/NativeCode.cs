namespace LlamaEngine.Build;

/// <summary>Builds what CMakeLists.txt describes.</summary>
internal static class NativeCode
{
    /// <summary>Configures and builds; says what is missing where there is no CMake.</summary>
    public static int Build(Repository repository)
    {
        if (!Shell.Exists("cmake"))
            throw new BuildException("The target 'native' needs CMake (Debian, Ubuntu: apt-get install cmake). No other target does.");
        string output = Path.Combine(repository.Artifacts, "native");
        Shell.Require("cmake", "-S", repository.Root, "-B", output, "-DCMAKE_BUILD_TYPE=" + Repository.Configuration);
        Shell.Require("cmake", "--build", output, "--config", Repository.Configuration);
        return 0;
    }
}
