#include "workers.h"

#include <stdlib.h>
#include <algorithm>
#include <condition_variable>
#include <thread>

namespace simt {

namespace {

// Never destroyed: its threads may outlive the process's static objects.
struct Pool {
    std::mutex lock;
    std::condition_variable started, left;
    Launch* launch = nullptr;
    int inside = 0; // helpers that run blocks of it
    Worker own;     // of the thread that calls run

    Pool() {
        const char* text = getenv("LLAMAENGINE_SIMT_THREADS");
        int threads = std::clamp(text != nullptr ? atoi(text) : 2, 1, 64);
        for (int i = 1; i < threads; i++)
            std::thread([this] { help(); }).detach();
    }

    void help() {
        Worker& w = *new Worker;
        std::unique_lock<std::mutex> hold(lock);
        for (;;) {
            started.wait(hold, [&] { return launch != nullptr && launch->next_block < launch->blocks(); });
            Launch& mine = *launch;
            inside++;
            hold.unlock();
            w.run(mine);
            hold.lock();
            if (--inside == 0)
                left.notify_one();
            // A stopped launch has blocks left that nobody is to run.
            if (mine.stopped)
                launch = nullptr;
        }
    }

    void run(Launch& l) {
        {
            std::lock_guard<std::mutex> hold(lock);
            launch = &l;
        }
        if (l.blocks() > 1)
            started.notify_all();
        own.run(l);
        std::unique_lock<std::mutex> hold(lock);
        launch = nullptr;
        left.wait(hold, [&] { return inside == 0; });
    }
};

}

void run(Launch& launch) {
    static Pool* pool = new Pool;
    pool->run(launch);
}

}
