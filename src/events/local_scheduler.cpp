#include "carillon/local_scheduler.hpp"

#include <mutex>
#include <optional>

namespace carillon {
namespace {

class LocalScheduler final : public JobScheduler {
public:
    LocalScheduler(const Clock& clock, std::shared_ptr<Alarm> alarm)
        : state_(std::make_shared<State>(clock, std::move(alarm))) {
        state_->alarm->on_ring([weak = std::weak_ptr(state_)] {
            if (const auto state = weak.lock()) state->ring();
        });
    }
    ~LocalScheduler() override { stop(); }

    void on_due(Callback callback) override {
        std::lock_guard lock(state_->mutex);
        state_->callback = std::move(callback);
    }
    void schedule(std::string, Time due) override {
        std::lock_guard lock(state_->mutex);
        if (state_->stopped || (state_->earliest && *state_->earliest <= due)) return;
        state_->earliest = due;
        state_->alarm->set(due);
    }
    /// Nothing to do: an alarm for what is not due any more asks the table in vain.
    void cancel(const std::string&) override {}
    void stop() override {
        {
            std::lock_guard lock(state_->mutex);
            state_->stopped = true;
        }
        state_->alarm->stop();
    }

private:
    struct State {
        State(const Clock& c, std::shared_ptr<Alarm> a) : clock(c), alarm(std::move(a)) {}

        void ring() {
            Callback call;
            {
                std::lock_guard lock(mutex);
                if (stopped) return;
                // After the clock was set the time may still lie ahead: it stays set, and the table is asked all the
                // same.
                if (earliest && *earliest <= clock.now()) {
                    earliest.reset();
                } else if (earliest) {
                    alarm->set(*earliest);
                }
                call = callback;
            }
            if (call) call({});
        }

        const Clock& clock;
        const std::shared_ptr<Alarm> alarm;
        std::mutex mutex;
        Callback callback;
        std::optional<Time> earliest;
        bool stopped = false;
    };

    std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<JobScheduler> make_local_scheduler(const Clock& clock, std::shared_ptr<Alarm> alarm) {
    return std::make_unique<LocalScheduler>(clock, std::move(alarm));
}

}  // namespace carillon
