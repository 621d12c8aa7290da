#include "frame_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <iterator>

namespace carillon::websocket {
namespace {

constexpr std::size_t max_gathered = 32;  // keeps the operation small enough for Asio to recycle its memory
constexpr std::size_t idle_capacity = 4;  // items an idle socket may keep room for
constexpr char close_opcode = '\x88';     // FIN, close

}  // namespace

void FrameStream::push(Frame frame) {
    if (!closing_ && !failed_) enqueue(std::move(frame), {});
}

void FrameStream::enqueue(Frame bytes, Done done) {
    if (failed_) {
        if (done) done(failed_);
        return;
    }
    if (done && bytes->front() == close_opcode) closing_ = true;
    queued_bytes_ += bytes->size();
    waiting_.push_back({std::move(bytes), std::move(done)});
    if (in_flight_ == 0) flush();
}

void FrameStream::discard() {
    const auto drop = [this](std::vector<Item>& items, std::size_t from) {
        auto keep = items.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = std::remove_if(keep, items.end(), [this](const Item& item) {
            if (item.done) return false;
            queued_bytes_ -= item.bytes->size();
            return true;
        });
        items.erase(end, items.end());
    };
    // What a write may still be reading, or has begun, must stay.
    drop(writing_, std::min(writing_.size(), next_ + std::max<std::size_t>(in_flight_, offset_ > 0 ? 1 : 0)));
    drop(waiting_, 0);
}

void FrameStream::flush() {
    if (next_ == writing_.size()) {
        writing_.clear();
        next_ = 0;
        std::swap(writing_, waiting_);
        if (writing_.empty()) {
            if (writing_.capacity() > idle_capacity) std::vector<Item>().swap(writing_);
            if (waiting_.capacity() > idle_capacity) std::vector<Item>().swap(waiting_);
            owner_.on_drained();
            return;
        }
    }
    boost::container::static_vector<asio::const_buffer, max_gathered> buffers;
    for (std::size_t i = next_; i < writing_.size() && buffers.size() < max_gathered; ++i) {
        buffers.push_back(asio::buffer(*writing_[i].bytes) + (i == next_ ? offset_ : 0));
    }
    in_flight_ = buffers.size();
    write_started_ = std::chrono::steady_clock::now();
    socket_.async_write_some(
        buffers, [this, owner = owner_.keep_alive()](error_code error, std::size_t size) { wrote(error, size); });
}

void FrameStream::wrote(error_code error, std::size_t size) {
    in_flight_ = 0;
    if (error) return fail(error);
    queued_bytes_ -= size;
    size += offset_;
    while (next_ < writing_.size() && size >= writing_[next_].bytes->size()) {
        Item item = std::move(writing_[next_++]);
        size -= item.bytes->size();
        if (item.done) item.done({});
    }
    offset_ = size;
    flush();
}

void FrameStream::fail(error_code error) {
    failed_ = error;
    auto items = std::move(writing_);
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(items));
    writing_.clear();
    waiting_.clear();
    next_ = offset_ = queued_bytes_ = 0;
    for (auto& item : items) {
        if (item.done) item.done(error);
    }
    error_code ignored;
    socket_.close(ignored);  // wakes the reader, which ends the session
}

std::chrono::steady_clock::duration FrameStream::stalled_for(std::chrono::steady_clock::time_point now) const {
    return in_flight_ == 0 ? std::chrono::steady_clock::duration::zero() : now - write_started_;
}

}  // namespace carillon::websocket
