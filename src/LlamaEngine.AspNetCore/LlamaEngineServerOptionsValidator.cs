using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Security;
using LlamaEngine.DependencyInjection;
using LlamaEngine.Sampling;
using Microsoft.Extensions.Options;

namespace LlamaEngine.AspNetCore;

/// <summary>Checks a server's options; each message names the member.</summary>
/// <param name="holders">The program's own engines, whose names must differ from those of the models.</param>
internal sealed class LlamaEngineServerOptionsValidator(IReadOnlyList<EngineHolder> holders) : IValidateOptions<LlamaEngineServerOptions>
{
    private const string TypeName = nameof(LlamaEngineServerOptions);
    private const int MostBodyBytes = 1 << 30;

    private static readonly TimeSpan s_longestDrain = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longestInterval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LlamaEngineServerOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        Range(nameof(options.MaxBodyBytes), options.MaxBodyBytes, 1, MostBodyBytes);
        Range(nameof(options.MaxDepth), options.MaxDepth, 4, 64);
        Range(nameof(options.MaxPromptTokens), options.MaxPromptTokens ?? 1, 1, int.MaxValue);
        Range(nameof(options.MaxChoices), options.MaxChoices, 1, OptionChecks.MaxChoices);
        Range(nameof(options.MaxInputs), options.MaxInputs, 1, int.MaxValue);
        Range(nameof(options.BulkConcurrency), options.BulkConcurrency, 1, BulkOptions.MostAtOnce);
        Range(nameof(options.MaxFileBytes), options.MaxFileBytes, 1, long.MaxValue);
        if (options.DataFolder is "")
            result.AddError($"{TypeName}.{nameof(options.DataFolder)}: a folder needs a name.");
        Range(nameof(options.MemoryBytes), options.MemoryBytes ?? 1, 1, long.MaxValue);
        Range(nameof(options.MaxRequests), options.MaxRequests, 1, int.MaxValue);
        if (options.DrainTimeout < TimeSpan.Zero || options.DrainTimeout > s_longestDrain)
            result.AddError($"{TypeName}.{nameof(options.DrainTimeout)}: {options.DrainTimeout} is not from 0 to {s_longestDrain}.");
        if (options.StreamInterval is { } interval && (interval < TimeSpan.Zero || interval > s_longestInterval))
            result.AddError($"{TypeName}.{nameof(options.StreamInterval)}: {interval} is not from 0 to {s_longestInterval}.");
        CheckKeys(options, result);
        if (options.KeepAlive > Durations.Longest)
            result.AddError($"{TypeName}.{nameof(options.KeepAlive)}: {options.KeepAlive} is more than {Durations.Longest}; a negative time keeps models.");
        Check(options.Sessions.Validate, nameof(options.Sessions));
        CheckModels(options, result);
        return result.Build();

        void Range(string member, long value, long least, long most)
        {
            if (value < least || value > most)
                result.AddError($"{TypeName}.{member}: {value} is not from {least} to {most}.");
        }

        void Check(Action validate, string member)
        {
            try
            {
                validate();
            }
            catch (ArgumentOutOfRangeException exception)
            {
                result.AddError($"{TypeName}.{member}.{exception.ParamName}: {exception.Message}");
            }
        }
    }

    private static void CheckKeys(LlamaEngineServerOptions options, ValidateOptionsResultBuilder result)
    {
        try
        {
            if (options.ApiKeyFile is { } file)
                ApiKeyFile.Read(file);
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            result.AddError($"{TypeName}.{nameof(options.ApiKeyFile)}: {exception.Message}");
        }
    }

    private void CheckModels(LlamaEngineServerOptions options, ValidateOptionsResultBuilder result)
    {
        HashSet<string> names = [.. holders.Select(holder => holder.Name)];
        for (int i = 0; i < options.Models.Count; i++)
        {
            LlamaEngineServerModel model = options.Models[i];
            string member = $"{TypeName}.{nameof(options.Models)}[{i}]";
            if (string.IsNullOrWhiteSpace(model.Name))
                result.AddError($"{member}.{nameof(model.Name)}: a model needs a name.");
            else if (!names.Add(model.Name))
                result.AddError($"{member}.{nameof(model.Name)}: there is another model named '{model.Name}'.");
            try
            {
                model.Engine.Validate();
            }
            catch (ArgumentOutOfRangeException exception)
            {
                result.AddError($"{member}.{nameof(model.Engine)}.{exception.ParamName}: {exception.Message}");
            }
        }
    }
}
