using System.Text.Json.Serialization;

namespace RagChatbot.Web;

/// <summary>Everything that the API and <c>--json</c> read and write; a field that is not known is refused by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(TitleRequest))]
[JsonSerializable(typeof(QuestionRequest))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(StatusReply))]
[JsonSerializable(typeof(ConversationListReply))]
[JsonSerializable(typeof(ConversationReply))]
[JsonSerializable(typeof(ConversationView))]
[JsonSerializable(typeof(DocumentListReply))]
[JsonSerializable(typeof(DocumentReply))]
[JsonSerializable(typeof(PassagesEvent))]
[JsonSerializable(typeof(TextEvent))]
[JsonSerializable(typeof(DoneEvent))]
[JsonSerializable(typeof(ErrorEvent))]
[JsonSerializable(typeof(AskResult))]
internal sealed partial class ApiJson : JsonSerializerContext;
