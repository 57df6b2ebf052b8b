using LlamaEngine;
using Microsoft.Extensions.AI;

// Create: the demo model Lexicon, or the GGUF file or Hugging Face folder named with --model.
// From here on the program knows the interfaces of Microsoft.Extensions.AI only, and would work with any other implementation.
await using InferenceEngine engine = args is ["--model", string path] ? InferenceEngine.Create(path) : InferenceEngine.Create();
using IChatClient chat = engine.AsChatClient();
using IEmbeddingGenerator<string, Embedding<float>> embedder = engine.AsEmbeddingGenerator(new EmbeddingOptions { Pooling = EmbeddingPooling.Mean });

// Ask.
ChatResponse response = await chat.GetResponseAsync("What is a camera?");
Console.WriteLine($"{response.Text} ({response.FinishReason}, {response.Usage?.InputTokenCount} + {response.Usage?.OutputTokenCount} tokens)");

// Stream.
await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync("Define freedom."))
    Console.Write(update.Text);
Console.WriteLine();

// Converse: the id names a conversation that the client keeps, so that each turn gives only what is new.
var conversation = new ChatOptions { ConversationId = "ball", MaxOutputTokens = 64 };
string[] turns = ["Context: Anna put the red ball in the kitchen.\nQuestion: Where is the ball?", "What does volcano mean?"];
foreach (string turn in turns)
{
    ChatResponse reply = await chat.GetResponseAsync(turn, conversation);
    Console.WriteLine($"{reply.Text} ({reply.Usage?.CachedInputTokenCount} of {reply.Usage?.InputTokenCount} tokens were kept)");
}

// Embed.
GeneratedEmbeddings<Embedding<float>> embeddings = await embedder.GenerateAsync(["a small blue bird", "the red ball"]);
Console.WriteLine($"{embeddings.Count} embeddings of {embeddings[0].Dimensions} numbers ({embeddings.Usage?.InputTokenCount} tokens)");

// Cancel.
using var cancellation = new CancellationTokenSource();
try
{
    await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync("What is a river?", cancellationToken: cancellation.Token))
        await cancellation.CancelAsync();
}
catch (OperationCanceledException exception) when (exception.CancellationToken == cancellation.Token)
{
    Console.WriteLine("Cancelled.");
}
