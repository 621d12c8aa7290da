#include "reference_page.hpp"

#include "problem.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace carillon::http {
namespace {

namespace bj = boost::json;

constexpr std::string_view style =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1b1f24;background:#fff}"
    "h2{border-bottom:1px solid #ccd;margin-top:3rem}h3{margin-top:2rem}code,pre{font:14px "
    "ui-monospace,monospace;background:#f3f4f7}"
    "code{padding:0 .2em}pre{padding:.6rem;overflow:auto}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccd;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}"
    ".method{display:inline-block;min-width:4.5rem;font-weight:bold}"
    "@media(prefers-color-scheme:dark){body{color:#dde;background:#14171c}code,pre{background:#22262e}a{color:#8ab4f8}"
    "td,th,h2{border-color:#39404a}}";

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out.push_back(c);
        }
    }
    return out;
}

/// What the documents use of CommonMark: paragraphs and `code`.
std::string prose(std::string_view text) {
    std::string out;
    bool code = false;
    for (const char c : text) {
        if (c == '`')
            out += (code = !code) ? "<code>" : "</code>";
        else if (c == '\n' && out.ends_with('\n'))
            out += "<br>";
        else
            out += escape({&c, 1});
    }
    if (code) out += "</code>";
    return out;
}

std::string_view view(const bj::string& text) { return {text.data(), text.size()}; }
std::string_view view(bj::string_view text) { return {text.data(), text.size()}; }

const bj::object* object_at(const bj::object& parent, std::string_view name) {
    const auto* found = parent.if_contains({name.data(), name.size()});
    return found ? found->if_object() : nullptr;
}
const bj::array* array_at(const bj::object& parent, std::string_view name) {
    const auto* found = parent.if_contains({name.data(), name.size()});
    return found ? found->if_array() : nullptr;
}
std::string_view text_at(const bj::object& parent, std::string_view name) {
    const auto* found = parent.if_contains({name.data(), name.size()});
    return found && found->is_string() ? view(found->get_string()) : std::string_view{};
}

class Page {
public:
    explicit Page(const bj::object& document) : document_(document) {}

    std::string make() {
        const bj::object none;
        const auto* info = object_at(document_, "info");
        const auto title = escape(text_at(info ? *info : none, "title"));
        out_ =
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\">"
            "<title>" +
            title + "</title><style>" + std::string(style) + "</style></head><body><h1>" + title + "</h1>";
        if (info) out_ += "<p>" + prose(text_at(*info, "description")) + "</p>";
        out_ += "<p>Version " + escape(text_at(info ? *info : none, "version")) +
                ". The same as data: <a href=\"/api/openapi.json\">OpenAPI</a>, <a "
                "href=\"/api/asyncapi.json\">AsyncAPI</a>.</p>";
        if (const auto* paths = object_at(document_, "paths")) operations(*paths);
        if (const auto* components = object_at(document_, "components")) {
            if (const auto* all = object_at(*components, "schemas")) schemas(*all);
        }
        problems();
        return out_ + "</body></html>\n";
    }

private:
    void operations(const bj::object& paths) {
        static constexpr std::array methods{"get", "post", "put", "patch", "delete"};
        out_ += "<h2>Calls</h2>";
        for (const auto& path : paths) {
            const auto* item = path.value().if_object();
            for (const auto* method : methods) {
                const auto* operation = item ? object_at(*item, method) : nullptr;
                if (operation) this->operation(method, view(path.key()), *item, *operation);
            }
        }
    }

    void operation(std::string method, std::string_view path, const bj::object& item, const bj::object& operation) {
        std::transform(method.begin(), method.end(), method.begin(),
                       [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        const auto id = escape(text_at(operation, "operationId"));
        out_ += "<h3 id=\"" + (id.empty() ? method + escape(path) : id) + "\"><span class=\"method\">" + method +
                "</span> <code>" + escape(path) + "</code></h3>";
        out_ += "<p>" + prose(text_at(operation, "summary")) + "</p>";
        if (const auto about = text_at(operation, "description"); !about.empty()) out_ += "<p>" + prose(about) + "</p>";
        std::string rows;
        for (const auto* owner : {&item, &operation}) {
            if (const auto* parameters = array_at(*owner, "parameters")) {
                for (const auto& parameter : *parameters) rows += parameter_row(parameter);
            }
        }
        table("<th>Parameter<th>In<th>Type<th>Meaning", rows);
        if (const auto* body = object_at(operation, "requestBody"))
            out_ += "<p>Body: " + content(resolve(*body)) + "</p>";
        rows.clear();
        if (const auto* responses = object_at(operation, "responses")) {
            for (const auto& response : *responses) {
                const auto* answer = response.value().if_object();
                if (!answer) continue;
                const auto& resolved = resolve(*answer);
                rows += "<tr><td>" + escape(view(response.key())) + "<td>" + prose(text_at(resolved, "description")) +
                        "<td>" + content(resolved);
            }
        }
        table("<th>Status<th>Meaning<th>Answer", rows);
    }

    std::string parameter_row(const bj::value& value) const {
        const auto* given = value.if_object();
        if (!given) return {};
        const auto& parameter = resolve(*given);
        const auto* schema = object_at(parameter, "schema");
        return "<tr><td><code>" + escape(text_at(parameter, "name")) + "</code><td>" +
               escape(text_at(parameter, "in")) + "<td>" + (schema ? type(*schema) : "") + "<td>" +
               prose(text_at(parameter, "description"));
    }

    void schemas(const bj::object& all) {
        out_ += "<h2>Shapes</h2>";
        for (const auto& entry : all) {
            const auto* schema = entry.value().if_object();
            if (!schema) continue;
            const auto name = escape(view(entry.key()));
            out_ +=
                "<h3 id=\"schema-" + name + "\">" + name + "</h3><p>" + prose(text_at(*schema, "description")) + "</p>";
            const auto* properties = object_at(*schema, "properties");
            if (!properties) {
                out_ += "<p>" + type(*schema) + "</p>";
                continue;
            }
            std::string rows;
            for (const auto& property : *properties) {
                const auto* about = property.value().if_object();
                if (!about) continue;
                rows += "<tr><td><code>" + escape(view(property.key())) + "</code><td>" + type(*about) + "<td>" +
                        prose(text_at(*about, "description"));
            }
            table("<th>Field<th>Type<th>Meaning", rows);
        }
    }

    void problems() {
        out_ +=
            "<h2>Problems</h2><p>A refused request is answered with <code>application/problem+json</code> (RFC 9457); "
            "<code>errors</code> names every wrong field.</p>";
        std::string rows;
        for (const auto& kind : all_problems()) {
            const std::string slug(kind.slug);
            rows += "<tr id=\"problem-" + slug + "\"><td>" + std::to_string(kind.status) + "<td><code>" + slug +
                    "</code><td>" + escape(kind.title);
        }
        table("<th>Status<th>Type<th>Meaning", rows);
    }

    void table(std::string_view heads, const std::string& rows) {
        if (!rows.empty()) out_ += "<table><tr>" + std::string(heads) + "</tr>" + rows + "</table>";
    }

    std::string content(const bj::object& holder) const {
        std::string out;
        const auto* media = object_at(holder, "content");
        if (!media) return out;
        for (const auto& entry : *media) {
            const auto* about = entry.value().if_object();
            const auto* schema = about ? object_at(*about, "schema") : nullptr;
            out += (out.empty() ? "" : ", ") + std::string("<code>") + escape(view(entry.key())) + "</code> " +
                   (schema ? type(*schema) : "");
        }
        return out;
    }

    /// One line for a schema: a link, a type with its limits, or the schema itself.
    std::string type(const bj::object& schema) const {
        if (const auto ref = text_at(schema, "$ref"); !ref.empty()) {
            const auto name = escape(ref.substr(ref.rfind('/') + 1));
            return "<a href=\"#schema-" + name + "\">" + name + "</a>";
        }
        if (const auto* items = object_at(schema, "items")) return "array of " + type(*items);
        std::string out;
        for (const auto* key : {"oneOf", "anyOf", "allOf"}) {
            const auto* options = array_at(schema, key);
            if (!options) continue;
            for (const auto& option : *options) {
                if (option.is_object())
                    out += (out.empty()                    ? ""
                            : *key == 'a' && key[1] == 'l' ? " and "
                                                           : " or ") +
                           type(option.get_object());
            }
            return out;
        }
        if (const auto* name = schema.if_contains("type"))
            out = name->is_string() ? escape(view(name->get_string())) : escape(bj::serialize(*name));
        for (const auto* key :
             {"format", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "maxItems", "default"}) {
            const auto* value = schema.if_contains(key);
            if (value) out += " <code>" + std::string(key) + " " + escape(bj::serialize(*value)) + "</code>";
        }
        return out;
    }

    /// Follows one `$ref` within the document.
    const bj::object& resolve(const bj::object& object) const {
        auto ref = text_at(object, "$ref");
        if (!ref.starts_with("#/")) return object;
        const auto* at = &document_;
        ref.remove_prefix(2);
        while (at && !ref.empty()) {
            const auto end = std::min(ref.find('/'), ref.size());
            at = object_at(*at, ref.substr(0, end));
            ref.remove_prefix(std::min(end + 1, ref.size()));
        }
        return at ? *at : object;
    }

    const bj::object& document_;
    std::string out_;
};

}  // namespace

std::string reference_page(const bj::object& openapi) { return Page(openapi).make(); }

}  // namespace carillon::http
