#include "carillon/dapr.hpp"
#include "carillon/json.hpp"
#include "carillon/log.hpp"
#include "circuit.hpp"
#include "sidecar.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace carillon::dapr {
namespace {

using namespace std::chrono_literals;

/// What the scheduler should know of a name: its due time, or that it is cancelled.
struct Wish {
    std::optional<Time> due;
    int failures = 0;
};

constexpr int cancel_attempts = 5;  ///< a job that stays wakes somebody in vain, no more

/// `{"dueTime":…}`. An existing job is replaced: during a recovery of the scheduler one without `overwrite` was refused
/// though it had been made. Without `maxRetries` the job stays until it is taken. A job without data never comes.
std::string job_body(const std::string& name, Time due) {
    std::string body = R"({"dueTime":")" + format_rfc3339(due) +
                       R"(","overwrite":true,"failurePolicy":{"constant":{"interval":"1s"}},"data":{"name":)";
    json::append_string(body, name);
    return body + "}}";
}

class Poster final : public std::enable_shared_from_this<Poster> {
public:
    Poster(std::shared_ptr<http::Client> sidecar, const asio::any_io_executor& executor, Metrics& metrics,
           SchedulerOptions options)
        : options_(options),
          api_(std::move(sidecar)),
          strand_(asio::make_strand(executor)),
          timer_(strand_),
          circuit_(metrics, "jobs", 2, 200ms, 5000ms),
          waiting_(metrics.gauge("carillon_jobs_waiting", "Jobs that the sidecar has still to be told of.")),
          posted_(metrics.counter("carillon_jobs_posted_total", "Jobs the sidecar took.")),
          dropped_(metrics.counter("carillon_jobs_dropped_total",
                                   "Jobs the sidecar was not told of: refused, or too many waited.")),
          called_(metrics.counter("carillon_jobs_called_total", "Jobs that the sidecar called back for.")) {}

    void wish(std::string name, std::optional<Time> due) {
        asio::post(strand_, [self = shared_from_this(), name = std::move(name), due]() mutable {
            if (self->stopped_) return;
            self->put(std::move(name), {due, 0}, true);
            self->pump();
        });
    }

    void stop() {
        const std::lock_guard lock(mutex_);
        callback_ = nullptr;
        asio::post(strand_, [self = shared_from_this()] {
            self->stopped_ = true;
            self->wishes_.clear();
            self->order_.clear();
            self->timer_.cancel();
        });
    }

    void on_due(JobScheduler::Callback callback) {
        const std::lock_guard lock(mutex_);
        callback_ = std::move(callback);
    }
    void called(const std::string& name) {
        called_.Increment();
        const std::lock_guard lock(mutex_);
        if (callback_) callback_(name);
    }
    std::string why_away() const { return circuit_.why(); }

private:
    /// One wish for a name: the latest.
    void put(std::string name, Wish wish, bool newer) {
        const auto known = wishes_.find(name);
        if (known != wishes_.end()) {
            if (newer) known->second = wish;
            return;
        }
        if (wishes_.size() >= options_.max_waiting) {
            dropped_.Increment();
            return;
        }
        order_.push_back(name);
        wishes_.emplace(std::move(name), wish);
        waiting_.Set(static_cast<double>(wishes_.size()));
    }

    /// Starts as many requests as may run. A name has at most one under way, so that they arrive in order.
    void pump() {
        for (auto left = order_.size();
             left > 0 && !stopped_ && busy_.size() < static_cast<std::size_t>(options_.at_once); --left) {
            auto name = std::move(order_.front());
            order_.pop_front();
            if (busy_.contains(name)) {
                order_.push_back(std::move(name));
                continue;
            }
            if (!circuit_.allows()) {
                order_.push_front(std::move(name));
                return try_again_later();
            }
            const auto wish = wishes_.extract(name).mapped();
            waiting_.Set(static_cast<double>(wishes_.size()));
            busy_.insert(name);
            asio::co_spawn(strand_, send(shared_from_this(), std::move(name), wish), asio::detached);
        }
    }

    void try_again_later() {
        timer_.expires_at(std::max(circuit_.retry_at(), std::chrono::steady_clock::now() + 50ms));
        timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
            if (const auto self = weak.lock(); self && !error) self->pump();
        });
    }

    static awaitable<void> send(std::shared_ptr<Poster> self, std::string name, Wish wish) {
        http::Outgoing request;
        request.target = "/jobs/" + name;
        request.method = wish.due ? http::Method::post : http::Method::del;
        if (wish.due) {
            request.content_type = "application/json";
            request.body = job_body(name, *wish.due);
        }
        const auto answer = co_await self->api_.send(std::move(request), self->options_.limit);
        self->busy_.erase(name);
        self->judge(std::move(name), wish, answer);
        self->pump();
    }

    void judge(std::string name, Wish wish, const Result<http::Answer>& answer) {
        if (answer.has_value() && is_success(answer->status)) {
            circuit_.succeeded();
            if (wish.due) posted_.Increment();
            told_ = false;
            return;
        }
        const auto why = failure_of(answer);
        if (answer.has_value() && answer->status < 500 && !is_shut_out(answer->status)) {
            circuit_.succeeded();
            dropped_.Increment();
            log::error("the scheduler refused a job; the sweep will ring instead", {{"job", name}, {"error", why}});
            return;
        }
        circuit_.failed(answer);
        if (!std::exchange(told_, true)) log::warn("jobs cannot be posted; they wait", {{"error", why}});
        ++wish.failures;
        if (wish.due || wish.failures < cancel_attempts) put(std::move(name), wish, false);
    }

    const SchedulerOptions options_;
    MovingApi api_;
    asio::any_io_executor strand_;
    asio::steady_timer timer_;
    Circuit circuit_;
    std::unordered_map<std::string, Wish> wishes_;
    std::deque<std::string> order_;  ///< of the names in wishes_
    std::unordered_set<std::string> busy_;
    bool stopped_ = false;
    bool told_ = false;
    std::mutex mutex_;  ///< of the callback, so that none comes after stop()
    JobScheduler::Callback callback_;
    prometheus::Gauge& waiting_;
    prometheus::Counter& posted_;
    prometheus::Counter& dropped_;
    prometheus::Counter& called_;
};

class SidecarScheduler final : public Scheduler {
public:
    explicit SidecarScheduler(std::shared_ptr<Poster> poster) : poster_(std::move(poster)) {}
    ~SidecarScheduler() override { poster_->stop(); }
    void on_due(Callback callback) override { poster_->on_due(std::move(callback)); }
    void schedule(std::string name, Time due) override { poster_->wish(std::move(name), due); }
    void cancel(const std::string& name) override { poster_->wish(name, std::nullopt); }
    void stop() override { poster_->stop(); }
    std::string why_away() const override { return poster_->why_away(); }

    std::vector<http::Route> routes() override {
        auto due = [poster = poster_](http::Request& request) -> awaitable<http::Response> {
            poster->called(request.params.at(0));
            co_return http::Response::json(200, "{}");
        };
        return {{http::Method::post, "/job/{name}", http::Access::user, due, true}};
    }

private:
    std::shared_ptr<Poster> poster_;
};

}  // namespace

std::unique_ptr<Scheduler> make_scheduler(std::shared_ptr<http::Client> sidecar, asio::any_io_executor executor,
                                          Metrics& metrics, SchedulerOptions options) {
    return std::make_unique<SidecarScheduler>(std::make_shared<Poster>(std::move(sidecar), executor, metrics, options));
}

}  // namespace carillon::dapr
