namespace LlamaEngine.Cli.Json;

/// <summary>What <c>/save</c> writes.</summary>
internal sealed record SavedChat(string Model, SavedMessage[] Messages);

/// <summary>A message of a saved chat, with the names chat templates use.</summary>
internal sealed record SavedMessage(string Role, string Content);
