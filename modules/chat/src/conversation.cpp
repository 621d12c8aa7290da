#include "conversation.hpp"

#include "carillon/ids.hpp"
#include "carillon/json.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace carillon::chat {
namespace {

namespace bj = boost::json;

bj::array steps_of(const std::vector<Step>& steps) {
    bj::array out;
    for (const auto& step : steps) {
        bj::object entry{{"act", static_cast<int>(step.act)}, {"id", step.id}};
        if (!step.patch.empty()) entry["patch"] = step.patch;
        if (step.version) entry["version"] = step.version;
        out.push_back(std::move(entry));
    }
    return out;
}

std::optional<std::int64_t> number_of(const bj::value* value) {
    if (!value || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
    return value->get_int64();
}

std::optional<std::vector<Step>> read_steps(const bj::value* value) {
    if (!value || !value->is_array() || value->get_array().size() > most_tasks) return std::nullopt;
    std::vector<Step> out;
    for (const auto& entry : value->get_array()) {
        const auto* object = entry.if_object();
        const auto act = object ? number_of(object->if_contains("act")) : std::nullopt;
        const auto id = object ? number_of(object->if_contains("id")) : std::nullopt;
        if (!act || *act > static_cast<int>(Act::snooze) || !id) return std::nullopt;
        Step step{static_cast<Act>(*act), *id};
        if (const auto* patch = object->if_contains("patch")) {
            if (!patch->is_object()) return std::nullopt;
            step.patch = patch->get_object();
        }
        if (object->contains("version")) {
            const auto version = number_of(object->if_contains("version"));
            if (!version) return std::nullopt;
            step.version = *version;
        }
        out.push_back(std::move(step));
    }
    return out;
}

}  // namespace

std::string encode(const Conversation& conversation) {
    bj::object out{{"about", bj::array(conversation.about.begin(), conversation.about.end())},
                   {"undo", steps_of(conversation.undo)}};
    if (const auto& pending = conversation.pending)
        out["pending"] = {{"choose", pending->choose},
                          {"steps", steps_of(pending->steps)},
                          {"done", pending->deed.done},
                          {"button", pending->deed.button}};
    return to_base64(bj::serialize(out));
}

std::optional<Conversation> decode(std::string_view state) {
    const auto text = from_base64(state);
    const auto parsed = json::parse(text);
    const auto* object = parsed ? parsed->if_object() : nullptr;
    const auto* about = object ? object->if_contains("about") : nullptr;
    auto undo = object ? read_steps(object->if_contains("undo")) : std::nullopt;
    if (!about || !about->is_array() || about->get_array().size() > most_tasks || !undo) return std::nullopt;
    Conversation out;
    out.undo = std::move(*undo);
    for (const auto& id : about->get_array()) {
        const auto number = number_of(&id);
        if (!number) return std::nullopt;
        out.about.push_back(*number);
    }
    if (const auto* pending = object->if_contains("pending")) {
        const auto* question = pending->if_object();
        const auto* choose = question ? question->if_contains("choose") : nullptr;
        auto steps = question ? read_steps(question->if_contains("steps")) : std::nullopt;
        if (!choose || !choose->is_bool() || !steps || steps->empty()) return std::nullopt;
        const auto* done = question->if_contains("done");
        const auto* button = question->if_contains("button");
        // A page that was open over an upgrade may still hold a question without them.
        Deed deed{done && done->is_string() ? std::string(done->get_string()) : "changed",
                  button && button->is_string() ? std::string(button->get_string()) : "Yes"};
        out.pending = Pending{choose->get_bool(), std::move(*steps), std::move(deed)};
    }
    return out;
}

}  // namespace carillon::chat
