// The driver API: streams, events.
#include "operations.h"
#include "streams.h"

CUresult check_stream(Stream* stream) {
    if (stream == nullptr)
        return CUDA_ERROR_NOT_SUPPORTED; // the legacy default stream
    if (machine->streams.count(stream) == 0 || stream->context != current_context)
        return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr && stream->capture->invalid)
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    return CUDA_SUCCESS;
}

CUresult refuse_in_capture(bool waits) {
    CUresult result = CUDA_SUCCESS;
    for (Graph* graph : machine->graphs) {
        bool own = graph->thread == std::this_thread::get_id() && (waits || graph->mode == CaptureMode::ThreadLocal);
        if (!graph->capturing || graph->context != current_context || !(own || graph->mode == CaptureMode::Global))
            continue;
        graph->invalid = true;
        result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return result;
}

// For calls that wait: a stream in a capture never ends.
static CUresult check_waiting(Stream* stream) {
    if (CUresult error = check_stream(stream))
        return error;
    if (stream->capture == nullptr)
        return CUDA_SUCCESS;
    stream->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
    if (CUresult error = check_context())
        return error;
    if (stream == nullptr || flags > 1)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    *stream = new Stream{};
    (*stream)->context = current_context;
    machine->streams.insert(*stream);
    return CUDA_SUCCESS;
}

// What is queued there still runs.
EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
    if (CUresult error = check_context())
        return error;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (machine->streams.count(stream) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    machine->changed.wait(hold, [&] { return machine->streams.count(stream) == 0 || stream->queue.empty(); });
    if (machine->streams.erase(stream) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr)
        stream->capture->invalid = true;
    delete stream;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamSynchronize(CUstream stream) {
    if (CUresult error = check_context())
        return error;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (CUresult error = check_waiting(stream))
        return error;
    machine->changed.wait(hold, [&] { return machine->streams.count(stream) == 0 || stream->queue.empty(); });
    return current_context->error;
}

EXPORT CUresult cuStreamQuery(CUstream stream) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_waiting(stream))
        return error;
    return stream->queue.empty() ? current_context->error : CUDA_ERROR_NOT_READY;
}

EXPORT CUresult cuEventCreate(CUevent* event, unsigned flags) {
    if (CUresult error = check_context())
        return error;
    if (event == nullptr || flags > 3) // 1: blocking, 2: without time; 4, for other processes, is not supported
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    *event = new Event{};
    (*event)->context = current_context;
    (*event)->timed = (flags & 2) == 0;
    machine->events.insert(*event);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuEventDestroy_v2(CUevent event) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->events.erase(event) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    delete event;
    machine->work.notify_one(); // nobody waits for it any more
    machine->changed.notify_all();
    return CUDA_SUCCESS;
}

EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    if (machine->events.count(event) == 0 || event->context != current_context)
        return CUDA_ERROR_INVALID_HANDLE;
    event->capture = stream->capture;
    if (stream->capture != nullptr)
        return CUDA_SUCCESS; // graphs run in the order of their capture
    auto operation = std::make_shared<RecordOperation>();
    operation->event = event;
    operation->number = ++event->recorded;
    machine->queue(*stream, operation);
    return CUDA_SUCCESS;
}

// A stream that waits for an event of a capture takes part in it.
static CUresult join_capture(Stream* stream, Event* event) {
    if (stream->capture == event->capture)
        return CUDA_SUCCESS;
    if (stream->capture == nullptr) {
        stream->capture = event->capture;
        return CUDA_SUCCESS;
    }
    stream->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
}

EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
    if (CUresult error = check_context())
        return error;
    if (flags > 1)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    if (machine->events.count(event) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr || event->capture != nullptr)
        return join_capture(stream, event);
    auto operation = std::make_shared<WaitOperation>();
    operation->event = event;
    operation->number = event->recorded;
    machine->queue(*stream, operation);
    return CUDA_SUCCESS;
}

static CUresult check_event(Event* event) {
    if (machine->events.count(event) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    if (event->capture == nullptr)
        return CUDA_SUCCESS;
    event->capture->invalid = true;
    return CUDA_ERROR_CAPTURED_EVENT;
}

EXPORT CUresult cuEventSynchronize(CUevent event) {
    if (CUresult error = check_context())
        return error;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (CUresult error = check_event(event))
        return error;
    uint64_t number = event->recorded;
    machine->changed.wait(hold, [&] { return machine->events.count(event) == 0 || event->completed >= number; });
    return current_context->error;
}

EXPORT CUresult cuEventQuery(CUevent event) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_event(event))
        return error;
    return event->completed >= event->recorded ? current_context->error : CUDA_ERROR_NOT_READY;
}

EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    if (CUresult error = check_context())
        return error;
    if (milliseconds == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    for (Event* event : {start, end})
        if (machine->events.count(event) == 0 || !event->timed || event->recorded == 0)
            return CUDA_ERROR_INVALID_HANDLE;
    if (start->completed < start->recorded || end->completed < end->recorded)
        return CUDA_ERROR_NOT_READY;
    *milliseconds = (float)((end->time - start->time) * 1e3);
    return CUDA_SUCCESS;
}
EXPORT CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) { return cuEventElapsedTime(milliseconds, start, end); }
