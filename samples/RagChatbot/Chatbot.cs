using LlamaEngine.Rag;
using RagChatbot.Reading;

namespace RagChatbot;

/// <summary>What the chatbot is made of; page and console are two faces of it.</summary>
/// <param name="Model">What answers, for people.</param>
/// <param name="Chat">Answers questions.</param>
/// <param name="Index">The documents.</param>
/// <param name="Conversations">What was asked and answered.</param>
/// <param name="Folder">Brings the index up to date with the folder.</param>
internal sealed record Chatbot(string Model, IDocumentChat Chat, DocumentIndex Index, ConversationLog Conversations, DocumentFolder Folder);
