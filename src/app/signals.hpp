// SIGINT and SIGTERM, waited for by the main thread. Made before any other thread, which inherit the mask.
#pragma once

#include <pthread.h>
#include <csignal>

namespace carillon {

class Signals {
public:
    Signals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    /// Returns at the first signal; a second one ends the process at once.
    void wait() const {
        int received = 0;
        sigwait(&set_, &received);
        pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
    }

private:
    sigset_t set_{};
};

}  // namespace carillon
