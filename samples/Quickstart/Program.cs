using LlamaEngine;

// Create: the demo model Lexicon, or the GGUF file or Hugging Face folder named with --model.
await using InferenceEngine engine = args is ["--model", string path] ? InferenceEngine.Create(path) : InferenceEngine.Create();

// Stream an answer.
Console.WriteLine("> What is a camera?");
await foreach (CompletionUpdate update in engine.GenerateAsync(Prompt.FromUser("What is a camera?")))
    Console.Write(update.Text);
Console.WriteLine();

// Keep a session: it remembers what was said, and computes only what is new.
using ChatSession chat = engine.StartChat();
string[] questions = ["Context: A zorkle is a small blue bird. Anna put the red ball in the kitchen.\nQuestion: Where is the ball?", "What does volcano mean?"];
foreach (string question in questions)
{
    Console.WriteLine($"> {question}");
    await foreach (CompletionUpdate update in chat.SendAsync(question))
        Console.Write(update.Text);
    Console.WriteLine();
}
