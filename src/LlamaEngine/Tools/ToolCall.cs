using System.Text.Json;

namespace LlamaEngine.Tools;

/// <summary>A model asks its caller to run a function.</summary>
/// <param name="Id">Names the call, so that its result can: random, new for each.</param>
/// <param name="Name">The function, one of those that were offered.</param>
/// <param name="Arguments">Its arguments, a JSON object. They follow the schema as far as the model kept to it.</param>
public sealed record ToolCall(string Id, string Name, JsonElement Arguments);

/// <summary>A piece of a reply: text, or a call.</summary>
/// <param name="Text">The text; empty where it is a call.</param>
/// <param name="Call">The call; null where it is text.</param>
public sealed record ReplyPart(string Text, ToolCall? Call);
