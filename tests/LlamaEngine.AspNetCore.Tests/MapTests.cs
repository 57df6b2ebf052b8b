using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests;

/// <summary>Mapping the API into an app.</summary>
public sealed class MapTests
{
    [Fact]
    public void Without_an_app_mapping_is_refused() =>
        Assert.Throws<ArgumentNullException>(() => LlamaEngineEndpointRouteBuilderExtensions.MapLlamaEngine(null!));

    [Fact]
    public async Task Engines_of_the_container_need_no_more_than_being_mapped()
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddLlamaEngine(options => (options.ModelPath, options.ContextLength) = (TestServer.Lexicon, 64));
            services.AddKeyedLlamaEngine("wide", options => (options.ModelPath, options.ContextLength) = (TestServer.Lexicon, 128));
        });
        foreach ((string model, int context) in new[] { (TestServer.Model, 64), ("wide", 128) })
        {
            Reply reply = await server.PostAsync("/tokenize", $$"""{"model": "{{model}}", "prompt": "river"}""");
            Assert.Equal((200, context), (reply.Status, (int)reply.Json["max_model_len"]!));
        }
    }

    [Fact]
    public async Task Without_any_model_a_request_is_404()
    {
        await using TestServer server = await TestServer.StartAsync(_ => { });
        Reply reply = await server.PostAsync("/tokenize", """{"prompt": "river"}""");
        Assert.Equal((404, "model_not_found"), (reply.Status, reply.Code));
    }

    [Fact]
    public void Two_models_of_one_name_are_refused()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
        builder.Services.AddKeyedLlamaEngine(TestServer.Model, options => options.ModelPath = TestServer.Lexicon);
        using var app = (IDisposable)builder.Build();
        Assert.Throws<InvalidOperationException>(() => ((WebApplication)app).MapLlamaEngine());
    }
}
