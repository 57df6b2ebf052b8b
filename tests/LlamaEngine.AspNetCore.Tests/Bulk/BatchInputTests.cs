using System.Text;
using LlamaEngine.AspNetCore.Bulk.Items;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>The check of a batch's input.</summary>
public sealed class BatchInputTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("", "empty_file", null, null)]
    [InlineData(" \n\n\t\n", "empty_file", null, null)]
    [InlineData("\n[]", "invalid_json_line", null, 2L)]
    [InlineData("not json", "invalid_json_line", null, 1L)]
    [InlineData("{\"custom_id\":\"a\",\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_json_line", null, 1L)]
    [InlineData("{\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "missing_required_parameter", "custom_id", 1L)]
    [InlineData("{\"custom_id\":null,\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_type", "custom_id", 1L)]
    [InlineData("{\"custom_id\":7,\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_type", "custom_id", 1L)]
    [InlineData("{\"custom_id\":\"\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_custom_id", "custom_id", 1L)]
    [InlineData("{\"custom_id\":\"\\ud800\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_json_line", null, 1L)]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"GET\",\"url\":\"/v1/x\",\"body\":{}}", "invalid_method", "method", 1L)]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/y\",\"body\":{}}", "invalid_url", "url", 1L)]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/x\"}", "missing_required_parameter", "body", 1L)]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":[]}", "invalid_type", "body", 1L)]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{},\"model\":1}", "unknown_parameter", "model", 1L)]
    public async Task What_is_wrong_is_named_with_its_line(string text, string code, string? parameter, long? line)
    {
        InputCheck check = await CheckAsync(Encoding.UTF8.GetBytes(text));
        BatchError error = Assert.Single(check.Errors);
        Assert.Equal((code, parameter, line), (error.Code, error.Parameter, error.Line));
    }

    [Fact]
    public async Task Blank_lines_and_a_byte_order_mark_are_passed_over()
    {
        InputCheck check = await CheckAsync([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes($"{Line("a")}\r\n\r\n \n{Line("b")}")]);
        Assert.Empty(check.Errors);
        Assert.Equal(2, check.Total);
    }

    [Fact]
    public async Task Invalid_UTF_8_is_an_error_of_its_line()
    {
        byte[] line = Encoding.UTF8.GetBytes(Line("a"));
        byte[] wrong = Encoding.UTF8.GetBytes(Line("b"));
        wrong[wrong.AsSpan().IndexOf("b\""u8)] = 0xFF;
        InputCheck check = await CheckAsync([.. line, (byte)'\n', .. wrong]);
        Assert.Equal(("invalid_json_line", 2L), (Assert.Single(check.Errors).Code, check.Errors[0].Line!.Value));
    }

    [Fact]
    public async Task Custom_ids_may_have_up_to_their_limit_and_must_differ()
    {
        string longest = new('x', RequestLine.MaxCustomIdLength);
        InputCheck check = await CheckAsync(Encoding.UTF8.GetBytes($"{Line(longest)}\n{Line(longest + "x")}\n{Line("A")}\n{Line("a")}\n{Line(longest)}"));
        Assert.Equal([("invalid_custom_id", 2L), ("duplicate_custom_id", 5L)], check.Errors.Select(error => (error.Code, error.Line!.Value)));
    }

    [Fact]
    public async Task Too_many_requests_too_long_lines_and_too_many_errors_end_the_check()
    {
        string three = string.Join('\n', Line("a"), Line("b"), Line("c"));
        Assert.Empty((await CheckAsync(Encoding.UTF8.GetBytes(three), 3)).Errors);
        BatchError error = Assert.Single((await CheckAsync(Encoding.UTF8.GetBytes(three), 2)).Errors);
        Assert.Equal(("too_many_requests", 3L), (error.Code, error.Line!.Value));

        error = Assert.Single((await CheckAsync(Encoding.UTF8.GetBytes(Line("a") + '\n' + new string(' ', 2000)))).Errors);
        Assert.Equal(("line_too_long", 2L), (error.Code, error.Line!.Value));

        string wrong = string.Join('\n', Enumerable.Repeat("x", 500));
        Assert.Equal(BatchInput.MaxErrors, (await CheckAsync(Encoding.UTF8.GetBytes(wrong))).Errors.Length);
    }

    public void Dispose() => _folder.Dispose();

    private static string Line(string id) => $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"/v1/x","body":{}}""";

    private async Task<InputCheck> CheckAsync(byte[] text, int maxRequests = 1000)
    {
        await File.WriteAllBytesAsync(_folder["in"], text, TestContext.Current.CancellationToken);
        return await new BatchInput(_folder["in"], ["/v1/x"], 1000).CheckAsync(maxRequests, TestContext.Current.CancellationToken);
    }
}
