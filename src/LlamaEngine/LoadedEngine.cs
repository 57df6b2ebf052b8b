using LlamaEngine.Diagnostics;
using LlamaEngine.Models;
using LlamaEngine.Sampling;
using LlamaEngine.Sampling.Structured.Masks;
using LlamaEngine.Scheduling;
using LlamaEngine.Tokenization;
using Microsoft.Extensions.Logging;

namespace LlamaEngine;

/// <summary>What runs behind an <see cref="InferenceEngine"/>: the model, the loop that computes with it, and what both are measured with.</summary>
/// <remarks>Thread-safe. Owns all of them.</remarks>
internal sealed class LoadedEngine : IDisposable
{
    private readonly LoadedModel _model;

    /// <summary>Starts the loop of a model and takes the model over.</summary>
    public LoadedEngine(LoadedModel model, EngineOptions options, ILogger? logger)
    {
        _model = model;
        MemoryPlan memory = model.Memory;
        var counters = new EngineCounters();
        Meter = new EngineMeter(options.MeterFactory, model.Info.Name, counters);
        Gauge = new RequestGauge(memory.MaxSequences, options.MaxQueuedRequests);
        Structures = new StructureCatalog(model.Tokenizer, model.Info.Configuration.VocabularySize);
        Loop = new EngineLoop(
            model.Network, model.Cache, memory.ContextLength, memory.MaxBatchTokens, memory.MaxSequences, counters, Meter, logger);
    }

    /// <summary>The thread that owns model, scheduler and cache.</summary>
    public EngineLoop Loop { get; }

    /// <summary>What keeps completions in the form that their requests ask for.</summary>
    public StructureCatalog Structures { get; }

    /// <summary>Counts requests and refuses those that are too many.</summary>
    public RequestGauge Gauge { get; }

    /// <summary>The instruments.</summary>
    public EngineMeter Meter { get; }

    /// <summary>The model's name, as measurements carry it.</summary>
    public string ModelName => _model.Info.Name;

    /// <summary>The model's tokenizer; null where the file has none.</summary>
    public Tokenizer? Tokenizer => _model.Tokenizer;

    /// <summary>Room for sampling, for the loop thread.</summary>
    public SamplerScratch SamplerScratch => _model.SamplerScratch;

    /// <summary>Queues a request, which stands for so many.</summary>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    /// <exception cref="EngineFaultedException">The engine met an internal error before.</exception>
    public void Submit(Sequence request, int count = 1)
    {
        Gauge.Enter(count);
        try
        {
            Loop.Submit(request);
        }
        catch
        {
            for (int i = 0; i < count; i++)
                Gauge.Leave();
            throw;
        }
    }

    /// <summary>Computes a request that ends as a task.</summary>
    public async Task RunAsync(TaskSequence request, string operation)
    {
        using System.Diagnostics.Activity? activity = Telemetry.Start(operation, ModelName);
        Submit(request);
        Exception? error = null;
        try
        {
            await request.Completion.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            error = exception;
            throw;
        }
        finally
        {
            Meter.RecordRequest(operation, request.Usage, request.Timings, error);
            activity?.Finish(request.Usage, [], error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Loop.Dispose();
        Meter.Dispose();
        _model.Dispose();
    }
}
