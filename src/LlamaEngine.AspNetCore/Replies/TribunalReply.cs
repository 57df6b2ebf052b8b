using System.Text.Json.Nodes;
using LlamaEngine.Tribunal;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes a tribunal: whole, and as it happens.</summary>
internal static class TribunalReply
{
    /// <summary>A new reply's id.</summary>
    public static string NewId() => $"tribunal-{Guid.NewGuid():N}";

    /// <summary>The whole reply; as an event, the last one.</summary>
    public static JsonObject ToJson(string id, DateTimeOffset created, TribunalResult result) => new()
    {
        ["id"] = id,
        ["object"] = "tribunal",
        ["created"] = created.ToUnixTimeSeconds(),
        ["stages"] = new JsonArray([.. result.Stages.Select(ToJson)]),
        ["output"] = result.Output,
        ["approved"] = result.IsApproved,
        ["usage"] = Usage.ToJson(result.Usage),
    };

    /// <summary>What an update has to say as an event; null: nothing.</summary>
    public static JsonObject? EventOf(string id, DateTimeOffset now, TribunalUpdate update) => update.Kind switch
    {
        TribunalUpdateKind.StageStarted => new JsonObject
        {
            ["id"] = id,
            ["object"] = "tribunal.stage.started",
            ["index"] = update.StageIndex,
            ["name"] = update.StageName,
            ["round"] = update.Round,
            ["model"] = update.Model,
        },
        TribunalUpdateKind.Text when update.Text.Length > 0 => new JsonObject
        {
            ["id"] = id,
            ["object"] = "tribunal.stage.delta",
            ["index"] = update.StageIndex,
            ["delta"] = update.Text,
        },
        TribunalUpdateKind.StageEnded => new JsonObject
        {
            ["id"] = id,
            ["object"] = "tribunal.stage.ended",
            ["index"] = update.StageIndex,
            ["stage"] = ToJson(update.Ended!),
        },
        TribunalUpdateKind.Ended => ToJson(id, now, update.Result!),
        _ => null,
    };

    /// <summary>A message about options in the names that requests use for them.</summary>
    public static string InFieldNames(string message)
    {
        foreach (TribunalStageKind kind in Enum.GetValues<TribunalStageKind>())
            message = message.Replace($"{nameof(TribunalOptions)}.{kind}.{nameof(TribunalStageOptions.Prompt)}", $"'prompts.{TribunalStage.NameOf(kind)}'", StringComparison.Ordinal);
        return message.Replace(nameof(TribunalOptions.ApprovalWord), "'approval_word'", StringComparison.Ordinal);
    }

    private static JsonNode ToJson(TribunalStage stage) => new JsonObject
    {
        ["name"] = stage.Name,
        ["round"] = stage.Round,
        ["model"] = stage.Model,
        ["prompt"] = stage.Messages[^1].Text,
        ["text"] = stage.Text,
        ["finish_reason"] = FinishReasons.NameOf(stage.FinishReason),
        ["usage"] = Usage.ToJson(stage.Usage),
    };
}
