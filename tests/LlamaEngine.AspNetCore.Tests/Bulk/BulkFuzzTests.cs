using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Tests.Fuzzing;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>Damaged forms, batches and inputs: a reply or an error that says something, never a 5xx. 300 of each; LLAMAENGINE_BULK_FUZZ asks for more.</summary>
public sealed class BulkFuzzTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    private static readonly int s_count = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_BULK_FUZZ"), out int count) ? count : 300;

    [Fact]
    public async Task Forms()
    {
        byte[] seed = Encoding.UTF8.GetBytes(
            "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"expires_after[anchor]\"\r\n\r\ncreated_at\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"expires_after[seconds]\"\r\n\r\n3600\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"; filename*=UTF-8''a%20b\r\nContent-Type: text/plain\r\n\r\n{}\n\r\n--b--\r\n");
        Assert.Equal(200, (await fixture.Server.PostAsync("/v1/files", seed, "multipart/form-data; boundary=b")).Status);
        int[] statuses = new int[600];
        Random random = new(1);
        for (int i = 0; i < s_count; i++)
        {
            byte[] form = Damage(seed, random);
            Reply reply = await fixture.Server.PostAsync("/v1/files", form, "multipart/form-data; boundary=b");
            Check(reply, Encoding.UTF8.GetString(form));
            statuses[reply.Status]++;
        }
        Assert.InRange(statuses[400], s_count / 10, s_count);
    }

    [Fact]
    public async Task Batches()
    {
        string file = await fixture.UploadAsync(BatchEndpointTests.Line(0));
        string seed = new JsonObject
        {
            ["input_file_id"] = file, ["endpoint"] = "/v1/completions", ["completion_window"] = "24h", ["metadata"] = new JsonObject { ["a"] = "b" },
            ["output_expires_after"] = new JsonObject { ["anchor"] = "created_at", ["seconds"] = 3600 },
        }.ToJsonString();
        Random random = new(2);
        for (int i = 0; i < s_count; i++)
        {
            byte[] body = random.Next(2) == 0 ? BodyMutator.Mutate(seed, random) : BodyDamage.Damage(seed, random);
            Check(await fixture.Server.PostAsync("/v1/batches", body), Encoding.UTF8.GetString(body));
        }
    }

    /// <summary>Every damaged input has an end, and no batch stumbles over it.</summary>
    [Fact]
    public async Task Inputs()
    {
        byte[][] lines = [.. Enumerable.Range(0, 3).Select(n => Encoding.UTF8.GetBytes(BatchEndpointTests.Line(n)))];
        Random random = new(3);
        List<string> ids = [];
        for (int i = 0; i < s_count / 5; i++)
        {
            byte[] first = random.Next(2) == 0 ? Damage(lines[0], random) : BodyDamage.Damage(BatchEndpointTests.Line(0), random);
            byte[] input = [.. first, (byte)'\n', .. lines[1], (byte)'\n', .. lines[2]];
            if (input.Length <= BulkServer.MaxFileBytes)
                ids.Add(await fixture.BeginAsync(input));
        }
        foreach (string id in ids)
        {
            JsonNode batch = await fixture.EndAsync(id);
            Assert.DoesNotContain("internal_error", batch.ToJsonString(), StringComparison.Ordinal);
        }
    }

    private static void Check(Reply reply, string request)
    {
        Assert.True(reply.Status is 200 or (>= 400 and < 500), $"{request}: {reply.Status} {reply.Text}");
        if (reply.Status != 200)
            Assert.True(reply.Message.Length > 0, request);
    }

    /// <summary>Changes, removes or repeats a few bytes.</summary>
    private static byte[] Damage(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 20), bytes.Count - at);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.RemoveRange(at, Math.Max(0, bytes.Count - at - (random.Next(2) * length)));
                    break;
            }
            if (bytes.Count == 0)
                bytes.Add(0);
        }
        return [.. bytes];
    }
}
