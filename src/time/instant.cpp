#include "carillon/time/instant.hpp"

#include <stdexcept>

namespace carillon {
namespace {

using namespace std::chrono;

constexpr Time first_instant = sys_days{year{1} / 1 / 1};
constexpr Time past_the_last_instant = sys_days{year{10000} / 1 / 1};

/// Writes `width` decimal digits, zero-padded.
char* put(char* out, unsigned value, int width) {
    for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
    return out + width;
}

/// Reads fixed-width fields off the front of a text; once anything is wrong, ok() stays false.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}
    bool ok() const { return ok_; }
    bool done() const { return text_.empty(); }
    char peek() const { return text_.empty() ? '\0' : text_.front(); }

    int digits(int width) {
        int value = 0;
        for (; width > 0; --width) {
            if (!is_digit(peek())) return fail();
            value = value * 10 + (take() - '0');
        }
        return value;
    }
    void literal(char wanted) {
        if (peek() != wanted)
            fail();
        else
            take();
    }
    bool either(char a, char b) {
        if (peek() != a && peek() != b) return false;
        take();
        return true;
    }
    /// One to nine digits after the point; those after the sixth are cut.
    int fraction_micros() {
        int value = 0, count = 0;
        for (; is_digit(peek()); ++count) {
            const int digit = take() - '0';
            if (count < 6) value = value * 10 + digit;
        }
        if (count < 1 || count > 9) return fail();
        for (; count < 6; ++count) value *= 10;
        return value;
    }
    int fail() {
        ok_ = false;
        return 0;
    }

private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    char take() {
        const char c = text_.front();
        text_.remove_prefix(1);
        return c;
    }

    std::string_view text_;
    bool ok_ = true;
};

/// `Z` or `±hh:mm`.
minutes read_offset(Reader& in) {
    if (in.either('Z', 'z')) return minutes{0};
    const bool west = in.peek() == '-';
    if (!in.either('+', '-')) return minutes{in.fail()};
    const int h = in.digits(2);
    in.literal(':');
    const int m = in.digits(2);
    if (h > 23 || m > 59) in.fail();
    const minutes offset{h * 60 + m};
    return west ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(Time t) {
    if (t < first_instant || t >= past_the_last_instant) throw std::out_of_range("instant outside the years 1 to 9999");
    const auto day = floor<days>(t);
    const year_month_day date{day};
    const hh_mm_ss time{t - day};
    char text[32];
    char* p = put(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    *p++ = '-';
    p = put(p, static_cast<unsigned>(date.month()), 2);
    *p++ = '-';
    p = put(p, static_cast<unsigned>(date.day()), 2);
    *p++ = 'T';
    p = put(p, static_cast<unsigned>(time.hours().count()), 2);
    *p++ = ':';
    p = put(p, static_cast<unsigned>(time.minutes().count()), 2);
    *p++ = ':';
    p = put(p, static_cast<unsigned>(time.seconds().count()), 2);
    if (time.subseconds().count() != 0) {
        *p++ = '.';
        p = put(p, static_cast<unsigned>(time.subseconds().count()), 6);
        while (p[-1] == '0') --p;
    }
    *p++ = 'Z';
    return std::string(text, p);
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    Reader in{text};
    const int y = in.digits(4);
    in.literal('-');
    const int mo = in.digits(2);
    in.literal('-');
    const int d = in.digits(2);
    if (!in.either('T', 't')) return std::nullopt;
    const int h = in.digits(2);
    in.literal(':');
    const int mi = in.digits(2);
    in.literal(':');
    const int s = in.digits(2);
    const int micros = in.either('.', '.') ? in.fraction_micros() : 0;
    const minutes offset = read_offset(in);
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!in.ok() || !in.done() || !date.ok() || h > 23 || mi > 59 || s > 59) return std::nullopt;
    const Time t = sys_days{date} + hours{h} + minutes{mi} + seconds{s} + microseconds{micros} - offset;
    if (y < 1 || t < first_instant || t >= past_the_last_instant) return std::nullopt;
    return t;
}

}  // namespace carillon
