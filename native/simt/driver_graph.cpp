// The driver API: stream capture, graphs. A graph is the list of what was captured, in that order.
#include "streams.h"

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, int mode) {
    if (CUresult error = check_context())
        return error;
    if (mode < 0 || mode > 2)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    if (stream->capture != nullptr)
        return CUDA_ERROR_ILLEGAL_STATE;
    Graph* graph = new Graph{};
    graph->context = current_context;
    graph->origin = stream;
    graph->mode = (CaptureMode)mode;
    graph->thread = std::this_thread::get_id();
    machine->graphs.insert(graph);
    stream->capture = graph;
    return CUDA_SUCCESS;
}

static void leave_capture(Graph* graph) {
    graph->capturing = false;
    for (Stream* stream : machine->streams)
        if (stream->capture == graph)
            stream->capture = nullptr;
    for (Event* event : machine->events)
        if (event->capture == graph)
            event->capture = nullptr;
}

EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph* result) {
    if (CUresult error = check_context())
        return error;
    if (result == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *result = nullptr;
    std::lock_guard<std::mutex> hold(machine->lock);
    CUresult error = check_stream(stream);
    if (error != CUDA_SUCCESS && error != CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)
        return error;
    Graph* graph = stream->capture;
    if (graph == nullptr)
        return CUDA_ERROR_ILLEGAL_STATE;
    if (graph->origin != stream)
        return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    leave_capture(graph);
    if (graph->invalid) {
        machine->graphs.erase(graph);
        delete graph;
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    *result = graph;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, int* status) {
    if (CUresult error = check_context())
        return error;
    if (status == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    CUresult error = check_stream(stream);
    if (error != CUDA_SUCCESS && error != CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)
        return error;
    *status = stream->capture == nullptr ? 0 : stream->capture->invalid ? 2 : 1;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec* result, CUgraph graph, unsigned long long) {
    if (CUresult error = check_context())
        return error;
    if (result == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->graphs.count(graph) == 0 || graph->capturing)
        return CUDA_ERROR_INVALID_VALUE;
    *result = new GraphExec{graph->context, graph->operations};
    machine->graph_execs.insert(*result);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphLaunch(CUgraphExec graph, CUstream stream) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    if (machine->graph_execs.count(graph) == 0 || graph->context != current_context)
        return CUDA_ERROR_INVALID_VALUE;
    for (const OperationPointer& operation : graph->operations)
        machine->queue(*stream, operation);
    return CUDA_SUCCESS;
}

template <class T> static CUresult destroy(std::set<T*>& all, T* one) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (all.count(one) == 0)
        return CUDA_ERROR_INVALID_VALUE;
    all.erase(one);
    delete one;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphExecDestroy(CUgraphExec graph) {
    return machine == nullptr ? CUDA_ERROR_NOT_INITIALIZED : destroy(machine->graph_execs, graph);
}

EXPORT CUresult cuGraphDestroy(CUgraph graph) {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    {
        std::lock_guard<std::mutex> hold(machine->lock);
        if (machine->graphs.count(graph) != 0 && graph->capturing)
            return CUDA_ERROR_INVALID_VALUE;
    }
    return destroy(machine->graphs, graph);
}
