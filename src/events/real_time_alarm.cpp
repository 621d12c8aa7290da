#include "carillon/local_scheduler.hpp"

#include <sys/timerfd.h>
#include <unistd.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/strand.hpp>

#include <cerrno>
#include <system_error>

namespace carillon {
namespace {

int open_timer() {
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    return fd;
}

/// The descriptor is used on its strand only.
class RealTimeAlarm final : public Alarm, public std::enable_shared_from_this<RealTimeAlarm> {
public:
    RealTimeAlarm(asio::any_io_executor executor, const Clock& clock)
        : clock_(clock), strand_(asio::make_strand(executor)), timer_(strand_, open_timer()) {}

    void on_ring(std::function<void()> rung) override { rung_ = std::move(rung); }
    void set(Time due) override {
        asio::post(strand_, [self = shared_from_this(), due] { self->arm(due); });
    }
    void stop() override {
        asio::post(strand_, [self = shared_from_this()] {
            boost::system::error_code ignored;
            self->timer_.close(ignored);
        });
    }

private:
    void arm(Time due) {
        if (!timer_.is_open()) return;
        const auto here = due + (SystemClock{}.now() - clock_.now());
        const auto micros = std::max<std::int64_t>(to_micros(here), 1);  // zero would disarm
        itimerspec spec{};
        spec.it_value.tv_sec = micros / 1'000'000;
        spec.it_value.tv_nsec = micros % 1'000'000 * 1000;
        const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
        const bool armed = ::timerfd_settime(timer_.native_handle(), flags, &spec, nullptr) == 0;
        if (!armed && errno != ECANCELED) throw std::system_error(errno, std::generic_category(), "timerfd_settime");
        if (!waiting_) wait();
        if (!armed && rung_) rung_();  // set all the same, but the clock was set since the last look
    }
    void wait() {
        waiting_ = true;
        timer_.async_wait(asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](boost::system::error_code ec) {
                              self->waiting_ = false;
                              if (!ec) self->readable();
                          });
    }
    void readable() {
        std::uint64_t expirations = 0;
        const auto n = ::read(timer_.native_handle(), &expirations, sizeof expirations);
        if (n < 0 && errno == EAGAIN) return wait();  // it was set again just before
        if (rung_) rung_();                           // expired, or ECANCELED: the clock was set
    }

    const Clock& clock_;
    asio::any_io_executor strand_;
    asio::posix::stream_descriptor timer_;
    std::function<void()> rung_;
    bool waiting_ = false;
};

}  // namespace

std::shared_ptr<Alarm> make_real_time_alarm(asio::any_io_executor executor, const Clock& clock) {
    return std::make_shared<RealTimeAlarm>(std::move(executor), clock);
}

}  // namespace carillon
