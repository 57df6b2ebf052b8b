using Microsoft.AspNetCore.Builder;

namespace LlamaEngine.AspNetCore.Tests;

/// <summary>Mapping the API into an app.</summary>
public sealed class MapTests
{
    [Fact]
    public void Without_an_app_mapping_is_refused() =>
        Assert.Throws<ArgumentNullException>(() => LlamaEngineEndpointRouteBuilderExtensions.MapLlamaEngine(null!));
}
