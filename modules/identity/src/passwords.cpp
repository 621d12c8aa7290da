#include "passwords.hpp"

#include "carillon/text.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <stdexcept>

namespace carillon::identity {
namespace {

constexpr std::size_t min_characters = 8;
constexpr std::size_t max_characters = 128;
constexpr std::size_t max_bytes = 1024;

// The head of the public lists of leaked passwords, of those long enough to pass; folded and sorted.
constexpr auto common = std::to_array<std::string_view>({
    "00000000",     "0123456789",   "0987654321",    "11111111",     "1111111111",   "111222333",  "11223344",
    "1122334455",   "12121212",     "123123123",     "123321123",    "1234512345",   "12345678",   "123456789",
    "1234567890",   "12345678910",  "1234567891",    "123456789a",   "123456abc",    "1234qwer",   "123654789",
    "123qweasd",    "12qwaszx",     "147258369",     "147852369",    "159357456",    "1a2b3c4d",   "1q2w3e4r",
    "1q2w3e4r5t",   "1q2w3e4r5t6y", "1qaz2wsx",      "1qaz2wsx3edc", "1qazxsw2",     "22222222",   "31415926",
    "55555555",     "66666666",     "77777777",      "789456123",    "87654321",     "88888888",   "963852741",
    "987654321",    "9876543210",   "99999999",      "a1234567",     "a12345678",    "a123456789", "aa123456",
    "aa12345678",   "aaaaaaaa",     "abc12345",      "abc123456",    "abcd1234",     "abcd12345",  "abcdefgh",
    "access14",     "adminadmin",   "administrator", "alexander",    "asdasdasd",    "asdf1234",   "asdfasdf",
    "asdfghjk",     "asdfghjkl",    "asdfjkl;",      "babygirl",     "babygirl1",    "baseball",   "baseball1",
    "basketball",   "benjamin",     "blink182",      "butterfly",    "carolina",     "changeme",   "changeme123",
    "charlie1",     "chocolate",    "christian",     "christopher",  "computer",     "corvette",   "danielle",
    "december",     "diamond1",     "dragon123",     "elephant",     "elizabeth",    "everything", "facebook",
    "february",     "football",     "football1",     "forever1",     "freedom1",     "fuckyou1",   "garfield",
    "gfhjkmgfhjkm", "giovanni",     "hellohello",    "hello123",     "hello1234",    "iloveyou",   "iloveyou1",
    "iloveyou2",    "internet",     "jennifer",      "jessica1",     "jonathan",     "jordan23",   "killer123",
    "letmein1",     "letmein123",   "liverpool",     "liverpool1",   "login123",     "lovelove",   "loveyou1",
    "manchester",   "marlboro",     "master123",     "maverick",     "mercedes",     "metallica",  "michael1",
    "michelle",     "midnight",     "minecraft",     "monkey123",    "mustang1",     "myspace1",   "nicholas",
    "november",     "p@ssw0rd",     "p@ssword",      "pa$$w0rd",     "pa$$word",     "pass1234",   "passw0rd",
    "password",     "password!",    "password0",     "password01",   "password1",    "password1!", "password11",
    "password12",   "password123",  "password1234",  "password2",    "password3",    "patricia",   "pokemon1",
    "princess",     "princess1",    "pussycat",      "q1w2e3r4",     "q1w2e3r4t5",   "qazwsx123",  "qazwsxed",
    "qazwsxedc",    "qq123456",     "qwer1234",      "qwerasdf",     "qwertyui",     "qwertyuiop", "qwerty12",
    "qwerty123",    "qwerty1234",   "qwerty12345",   "qwerty123456", "qwertyqwerty", "rockyou1",   "samantha",
    "samsung1",     "scorpion",     "september",     "shadow12",     "snowball",     "spiderman",  "starwars",
    "startrek",     "steelers",     "stephanie",     "sunshine",     "sunshine1",    "superman",   "superman1",
    "swordfish",    "taylor13",     "test1234",      "testtest",     "thomas123",    "tinkerbell", "trustno1",
    "undertaker",   "unknown1",     "valentina",     "veronica",     "victoria",     "welcome1",   "welcome123",
    "westside",     "whatever",     "william1",      "xxxxxxxx",     "yankees1",     "zaq12wsx",   "zaq1zaq1",
    "zxcvbnm1",     "zxcvbnm123",
});

bool is_common(const std::string& folded) { return std::find(common.begin(), common.end(), folded) != common.end(); }

}  // namespace

std::optional<std::string> password_problem(std::string_view password, std::string_view email, std::string_view name) {
    const std::string normal = text::normalize(password);
    const std::size_t length = text::length(normal);
    if (length < min_characters || length > max_characters) return "must have 8 to 128 characters";
    if (normal.size() > max_bytes) return "must have at most 1024 bytes";
    const std::string folded = text::fold(password);
    const std::string account = text::fold(email);
    if (text::trim(password).empty()) return "must not be blank";
    if (folded == account || folded == account.substr(0, account.find('@'))) return "must not be the email address";
    if (folded == text::fold(name)) return "must not be the name";
    if (is_common(folded)) return "is among the most common passwords";
    return std::nullopt;
}

std::string PasswordHasher::Cost::hash(std::string_view password) const {
    const std::string normal = text::normalize(password);
    std::string out(crypto_pwhash_STRBYTES, '\0');
    if (crypto_pwhash_str(out.data(), normal.data(), normal.size(), passes, memory) != 0) throw std::bad_alloc();
    out.resize(out.find('\0'));
    return out;
}

Verdict PasswordHasher::Cost::verify(const std::string& stored, std::string_view password) const {
    if (stored.empty()) {
        (void)hash(password);
        return {};
    }
    const std::string normal = text::normalize(password);
    if (crypto_pwhash_str_verify(stored.c_str(), normal.data(), normal.size()) != 0) return {};
    Verdict verdict{true, {}};
    if (crypto_pwhash_str_needs_rehash(stored.c_str(), passes, memory) != 0) verdict.rehashed = hash(password);
    return verdict;
}

// Runs at most `max_running` jobs of the pool at once; each that ends takes the next waiting one along.
class PasswordHasher::Queue : public std::enable_shared_from_this<Queue> {
public:
    Queue(boost::asio::thread_pool& pool, Metrics& metrics, int max_running, int max_waiting)
        : pool_(pool),
          depth_(metrics.gauge("carillon_password_hashes_pending", "Passwords being hashed or waiting for it.")),
          done_(metrics.counter("carillon_password_hashes_total", "Passwords hashed or compared.")),
          refused_(
              metrics.counter("carillon_password_hashes_refused_total", "Passwords refused because too many waited.")),
          max_running_(max_running),
          max_waiting_(static_cast<std::size_t>(max_waiting)) {}

    /// False when too many wait already.
    bool submit(std::function<void()> job) {
        const std::lock_guard lock(mutex_);
        if (running_ >= max_running_ && waiting_.size() >= max_waiting_) {
            refused_.Increment();
            return false;
        }
        depth_.Increment();
        if (running_ >= max_running_) {
            waiting_.push_back(std::move(job));
            return true;
        }
        ++running_;
        asio::post(pool_, [self = shared_from_this(), job = std::move(job)]() mutable { self->run(std::move(job)); });
        return true;
    }

private:
    void run(std::function<void()> job) {
        while (job) {
            done_.Increment();
            job();
            const std::lock_guard lock(mutex_);
            depth_.Decrement();
            job = nullptr;
            if (waiting_.empty()) {
                --running_;
            } else {
                job = std::move(waiting_.front());
                waiting_.pop_front();
            }
        }
    }

    boost::asio::thread_pool& pool_;
    prometheus::Gauge& depth_;
    prometheus::Counter& done_;
    prometheus::Counter& refused_;
    const int max_running_;
    const std::size_t max_waiting_;
    std::mutex mutex_;
    int running_ = 0;
    std::deque<std::function<void()>> waiting_;
};

PasswordHasher::PasswordHasher(boost::asio::thread_pool& pool, Metrics& metrics, const Options& options)
    : cost_{static_cast<unsigned long long>(options.hash_passes), options.hash_memory} {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    queue_ = std::make_shared<Queue>(pool, metrics, options.max_hashing, options.max_hash_queue);
}

template <class T>
awaitable<Result<T>> PasswordHasher::offload(std::function<T()> work) {
    using Out = std::optional<Result<T>>;
    auto start = [queue = queue_, work = std::move(work)](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto done = [shared](std::exception_ptr defect, Out out) {
            auto home = asio::get_associated_executor(*shared);
            asio::post(home, [shared, defect, out = std::move(out)]() mutable { (*shared)(defect, std::move(out)); });
        };
        auto job = [done, work] {
            try {
                done(nullptr, Result<T>(work()));
            } catch (...) {
                done(std::current_exception(), {});
            }
        };
        if (!queue->submit(std::move(job))) {
            Error busy{Errc::unavailable, "Too many passwords are being checked; try again."};
            busy.retry_after = 2;
            done(nullptr, Result<T>(std::move(busy)));
        }
    };
    auto out = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Out)>(
        start, asio::use_awaitable);
    co_return std::move(*out);
}

awaitable<Result<std::string>> PasswordHasher::hash(std::string password) {
    std::function<std::string()> work = [cost = cost_, password = std::move(password)] { return cost.hash(password); };
    co_return co_await offload(std::move(work));
}

awaitable<Result<Verdict>> PasswordHasher::verify(std::string stored, std::string password) {
    std::function<Verdict()> work = [cost = cost_, stored = std::move(stored), password = std::move(password)] {
        return cost.verify(stored, password);
    };
    co_return co_await offload(std::move(work));
}

}  // namespace carillon::identity
