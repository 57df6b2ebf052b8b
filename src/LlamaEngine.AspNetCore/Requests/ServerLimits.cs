namespace LlamaEngine.AspNetCore.Requests;

/// <summary>How much a request may ask for; see <see cref="LlamaEngineServerOptions"/>.</summary>
/// <param name="BodyBytes">Most bytes of a body.</param>
/// <param name="Depth">Most levels of JSON.</param>
/// <param name="PromptTokens">Most tokens of a prompt; null: as many as the context takes.</param>
/// <param name="Choices">Most completions of one request, all its prompts together.</param>
/// <param name="Inputs">Most texts of one request for embeddings.</param>
internal sealed record ServerLimits(int BodyBytes, int Depth, int? PromptTokens, int Choices, int Inputs);
