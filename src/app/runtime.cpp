#include "app/application.hpp"

#include <boost/asio/co_spawn.hpp>

#include <future>
#include <thread>

namespace carillon {

Runtime::Runtime() : guard_(background_.get_executor()), hashing_(2), thread_([this] { background_.run(); }) {}

Runtime::~Runtime() {
    hashing_.join();
    guard_.reset();
    background_.stop();
    thread_.join();
}

void Runtime::wait(awaitable<void> work) {
    std::promise<void> done;
    boost::asio::co_spawn(background_, std::move(work), [&done](std::exception_ptr e) {
        if (e)
            done.set_exception(e);
        else
            done.set_value();
    });
    done.get_future().get();
}

void Application::start() {
    inbox->start();
    backends.bus->start();
    relay->start(*backends.bus);
    reminders->start();
    audit->start();
}

void Application::drain(Runtime& runtime) {
    reminders->stop();
    backends.scheduler->stop();
    runtime.wait(relay->drain());
    runtime.wait(backends.bus->drain());
    runtime.wait(inbox->drain());
    runtime.wait(audit->drain());
}

}  // namespace carillon
