namespace LlamaEngine.Clients;

/// <summary>Refuses, by name, what a caller asks for and an engine does not do.</summary>
internal static class Refused
{
    /// <summary>The exception for a member.</summary>
    /// <param name="member">The member, for example <c>ChatOptions.Tools</c>.</param>
    /// <param name="given">What it was set to.</param>
    /// <param name="supported">What it may be.</param>
    public static NotSupportedException Member(string member, object given, string supported) =>
        new($"{member} is not supported as given ({given}). Supported: {supported}.");

    /// <summary>Refuses the id of another model.</summary>
    /// <param name="member">The member that names the model.</param>
    public static void OtherModel(string member, string? modelId, InferenceEngine engine)
    {
        if (modelId is not null && modelId != engine.Model.Name && modelId != engine.Model.Path)
            throw Member(member, modelId, $"null, '{engine.Model.Name}' and '{engine.Model.Path}'; an engine has one model");
    }
}
