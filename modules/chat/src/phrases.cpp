#include "phrases.hpp"

#include "carillon/text.hpp"
#include "tag/tag.hpp"

#include <algorithm>

namespace carillon::chat {
namespace {

constexpr std::string_view guards[] = {"for",    "of",    "from", "to",   "until",    "till",   "since",
                                       "before", "after", "last", "past", "previous", "the",    "a",
                                       "an",     "about", "than", "and",  "or",       "between"};

bool is_guard(const Word& word) {
    return !word.is_protected && std::find(std::begin(guards), std::end(guards), word.lower) != std::end(guards);
}

class Finder {
public:
    Finder(const Line& line, const Present& present) : line_(line), reader_(line), moments_(reader_, present) {}

    std::vector<Phrase> find() {
        std::vector<Phrase> found;
        for (std::size_t i = 0; i < line_.words.size();) {
            if (At at{i, 0}; reader_.literals(at, {"every", "second"})) {  // it means two things: title
                const auto meant = longest_at(at.word);
                i = meant ? meant->last : at.word;
                continue;
            }
            auto phrase = longest_at(i);
            if (!phrase) {
                ++i;
                continue;
            }
            // A guard word that belongs to a phrase itself has done its work there.
            const bool held = !phrase->introduced && i > 0 && (found.empty() || found.back().last < i) &&
                              is_guard(line_.words[i - 1]);
            i = phrase->last;
            if (!held) found.push_back(std::move(*phrase));
        }
        return found;
    }

private:
    using Try = std::optional<Phrase> (Finder::*)(At&) const;

    std::optional<Phrase> longest_at(std::size_t word) const {
        std::optional<Phrase> best;
        if (word >= line_.words.size()) return best;
        for (const Try read :
             {&Finder::due, &Finder::repetition, &Finder::until, &Finder::reminder, &Finder::priority, &Finder::tag}) {
            At at{word, 0};
            auto found = (this->*read)(at);
            if (!found || (best && at.word <= best->last)) continue;
            best = std::move(found);
            best->first = word;
            best->last = at.word;
            best->mark = at.mark;
        }
        return best;
    }

    static Phrase phrase(Meaning meaning) {
        Phrase out;
        out.meaning = std::move(meaning);
        return out;
    }

    std::optional<Phrase> due(At& at) const {
        auto when = moments_.when(at);
        if (!when) return std::nullopt;
        auto out = phrase(*when);
        out.strong = when->strong;
        out.introduced = when->introduced;
        out.ambiguous = when->ambiguous;
        return out;
    }

    std::optional<Phrase> repetition(At& at) const {
        auto found = read_repetition(reader_, moments_, at);
        if (!found) return std::nullopt;
        const bool word = found->one_word;
        auto out = phrase(std::move(*found));
        out.strong = out.introduced = !word;
        return out;
    }

    std::optional<Phrase> until(At& at) const {
        if (!reader_.literal(at, "until")) return std::nullopt;
        auto last = moments_.day(at, true);
        if (!last) return std::nullopt;
        return phrase(Until{*last});
    }

    std::optional<Phrase> reminder(At& at) const {
        const bool very_beginning = at.word == 0;
        if (!reader_.literal(at, "remind")) return std::nullopt;
        const bool me = reader_.literal(at, "me");
        auto found = reminder_time(at, me);
        if (!found) return std::nullopt;
        if (very_beginning) reader_.literal(at, "to");
        return phrase(*found);
    }

    std::optional<Reminder> reminder_time(At& at, bool me) const {
        Reminder out;
        auto ahead = at;
        out.before = moments_.span(ahead);
        if (out.before && reader_.literal(ahead, "before")) {
            at = ahead;
            return out;
        }
        out.before.reset();
        ahead = at;
        Amount amount;
        if (take_amount(reader_, ahead, amount) && reader_.literal(ahead, "before")) {
            out.days_before = amount;
            at = ahead;
            if (reader_.literal(ahead, "at") && moments_.clock(ahead, out.when)) at = ahead;
            return out;
        }
        ahead = at;
        const auto when = moments_.when(ahead);
        // Without `me` it may be somebody else who is reminded: `Remind Friday team`.
        if (!when || !(me || when->strong || when->introduced)) return std::nullopt;
        out.when = *when;
        at = ahead;
        return out;
    }

    std::optional<Phrase> priority(At& at) const {
        using task::Priority;
        if (reader_.one_of(at, {"!high", "!1"})) return phrase(Priority::high);
        if (reader_.one_of(at, {"!medium", "!med", "!2"})) return phrase(Priority::medium);
        if (reader_.one_of(at, {"!low", "!3"})) return phrase(Priority::low);
        return std::nullopt;
    }

    std::optional<Phrase> tag(At& at) const {
        const auto& word = line_.words[at.word];
        std::string name;
        const auto matches = [&](std::string_view text) {
            if (text.size() < 2 || text.front() != '#') return false;
            // The name as it was typed, of the same length as in lower case.
            auto checked = tag::check_name(std::string_view(word.text).substr(1, text.size() - 1));
            if (!checked) return false;
            const auto characters = read_line(*checked).characters;
            const auto letter = [](char32_t c) { return is_letter(c); };
            const bool starts_well = is_letter(characters.front()) || is_decimal(characters.front());
            if (!starts_well || std::none_of(characters.begin(), characters.end(), letter)) return false;
            name = std::move(*checked);
            return true;
        };
        if (!reader_.take(at, matches)) return std::nullopt;
        return phrase(Tag{std::move(name)});
    }

    const Line& line_;
    Reader reader_;
    Moments moments_;
};

bool is_time_kind(const Phrase& phrase) {
    const auto kind = phrase.kind();
    return kind == Kind::due || kind == Kind::recurrence || kind == Kind::reminder;
}

/// Which phrases count, by the edge rule.
std::vector<bool> counted(const std::vector<Phrase>& phrases, std::size_t words) {
    std::vector<bool> counts(phrases.size());
    std::size_t covered = 0;  // words from the beginning that phrases cover without a gap
    for (std::size_t i = 0; i < phrases.size(); ++i) {
        const auto& phrase = phrases[i];
        const bool touches =
            is_time_kind(phrase) &&
            ((i > 0 && phrases[i - 1].last == phrase.first && is_time_kind(phrases[i - 1])) ||
             (i + 1 < phrases.size() && phrases[i + 1].first == phrase.last && is_time_kind(phrases[i + 1])));
        const bool leads = covered == phrase.first && (phrase.mark == ',' || phrase.mark == ':');
        counts[i] = touches || (!phrase.ambiguous && (phrase.strong || leads));
        if (covered == phrase.first) covered = phrase.last;
    }
    auto edge = words;
    for (auto i = phrases.size(); i-- > 0 && phrases[i].last == edge;) {
        counts[i] = counts[i] || !phrases[i].ambiguous;
        if (!counts[i]) break;
        edge = phrases[i].first;
    }
    return counts;
}

/// Two due phrases that are one: the last of the line, and the last before it that has just the missing half.
std::vector<const Phrase*> join(const std::vector<const Phrase*>& due) {
    if (due.empty()) return {};
    const auto* last = due.back();
    const auto& own = *last->as<When>();
    if (own.has_day() && own.has_time()) return {last};
    for (auto i = due.size() - 1; i-- > 0;) {
        const auto& other = *due[i]->as<When>();
        if (other.has_day() == own.has_day() || other.has_time() == own.has_time()) continue;
        return own.has_day() ? std::vector{last, due[i]} : std::vector{due[i], last};
    }
    return {last};
}

}  // namespace

Kind Phrase::kind() const {
    struct Name {
        Kind operator()(const When&) const { return Kind::due; }
        Kind operator()(const Repetition&) const { return Kind::recurrence; }
        Kind operator()(const Until&) const { return Kind::recurrence; }
        Kind operator()(const Reminder&) const { return Kind::reminder; }
        Kind operator()(task::Priority) const { return Kind::priority; }
        Kind operator()(const Tag&) const { return Kind::tag; }
    };
    return std::visit(Name{}, meaning);
}

std::vector<Phrase> find_phrases(const Line& line, const Present& present) { return Finder(line, present).find(); }

std::vector<const Phrase*> Chosen::all() const {
    std::vector<const Phrase*> out = due;
    for (const auto* one : {repetition, until, reminder, priority})
        if (one) out.push_back(one);
    out.insert(out.end(), tags.begin(), tags.end());
    std::sort(out.begin(), out.end(), [](const Phrase* a, const Phrase* b) { return a->first < b->first; });
    return out;
}

Chosen choose(const std::vector<Phrase>& phrases, std::size_t words) {
    const auto counts = counted(phrases, words);
    Chosen out;
    std::vector<const Phrase*> due;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
        if (!counts[i]) continue;
        const auto* phrase = &phrases[i];
        if (phrase->as<When>()) due.push_back(phrase);
        if (phrase->as<Until>()) out.until = phrase;
        if (phrase->as<Reminder>()) out.reminder = phrase;
        if (phrase->as<task::Priority>()) out.priority = phrase;
        if (phrase->as<Tag>()) out.tags.push_back(phrase);
        const auto* repetition = phrase->as<Repetition>();
        const bool beside_every =
            repetition && repetition->one_word && out.repetition && !out.repetition->as<Repetition>()->one_word;
        if (repetition && !beside_every) out.repetition = phrase;
    }
    if (!out.repetition) out.until = nullptr;
    out.due = join(due);
    return out;
}

}  // namespace carillon::chat
