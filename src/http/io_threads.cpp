#include "carillon/http/server.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <thread>

namespace carillon::http {

struct IoThreads::Impl {
    struct Lane {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
        std::thread thread;
    };
    std::vector<std::unique_ptr<Lane>> lanes;
    std::atomic<std::size_t> turn{0};
    std::atomic<bool> stopped{false};
};

IoThreads::IoThreads(int count, std::function<void()> on_start) : impl_(std::make_unique<Impl>()) {
    for (int i = 0; i < count; ++i) impl_->lanes.push_back(std::make_unique<Impl::Lane>());
    for (auto& lane : impl_->lanes) {
        lane->thread = std::thread([&context = lane->context, on_start] {
            if (on_start) on_start();
            context.run();
        });
    }
}

IoThreads::~IoThreads() { stop(); }

std::size_t IoThreads::size() const noexcept { return impl_->lanes.size(); }

boost::asio::io_context& IoThreads::context(std::size_t index) { return impl_->lanes.at(index)->context; }

boost::asio::any_io_executor IoThreads::next() { return context(impl_->turn++ % size()).get_executor(); }

void IoThreads::stop() {
    if (impl_->stopped.exchange(true)) return;
    for (auto& lane : impl_->lanes) lane->context.stop();
    for (auto& lane : impl_->lanes) lane->thread.join();
}

bool IoThreads::stopped() const noexcept { return impl_->stopped; }

}  // namespace carillon::http
