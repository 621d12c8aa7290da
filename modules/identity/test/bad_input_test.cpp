// Every field of every request, every way of being wrong: a 4xx that names the field, and nothing stored.
#include "world.hpp"

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

namespace {

struct Field {
    std::string name;
    bool required;
    std::vector<std::string> wrong;  ///< JSON values, besides those wrong for every text
};

struct Form {
    Method method;
    std::string path;
    bj::object good;
    std::vector<Field> fields;
    bool signed_in;
};

std::string text(std::size_t length, char c = 'a') { return '"' + std::string(length, c) + '"'; }

const std::vector<std::string> wrong_for_text{"1",
                                              "-1",
                                              "1000000000000",
                                              "true",
                                              "[]",
                                              "{}",
                                              R"("")",
                                              R"("   ")",
                                              R"("\u0000")",
                                              R"("a\u0000b")",
                                              R"("a\u0007b")",
                                              R"("a\u0085b")",
                                              R"("\u3000\u00a0")"};

std::vector<Form> forms() {
    const Field name{"name", true, {text(101), R"("a\nb")"}};
    const Field email{
        "email",
        true,
        {text(3), R"("@")", R"("a@")", R"("@b")", R"("a@b@c")", R"("a b@c")", R"("a@b c")", R"("a@b..c")", R"("a@.b")",
         R"("a@b.")", R"("a@-b")", R"(".a@b")", R"("a.@b")", R"("a..b@c")", R"("a@b,c")", R"("a(x)@b")",
         R"("\u00a0a\u00a0a@b")", '"' + std::string(65, 'a') + "@example.org\"", "\"a@" + std::string(253, 'b') + '"'}};
    const Field password{
        "password",
        true,
        {text(7, 'x'), text(129, 'x'), text(5000, 'x'), R"("password1")", R"("PassWord123")", R"("1234567890")",
         R"("grace@example.org")", R"("GRACE@example.ORG")", R"("Grace Hopper")", R"("tab\tinside it")"}};
    const Field timezone{
        "timezone", false, {R"("Mars/Olympus")", R"("+02:00")", R"("CEST!")", R"("../../etc/passwd")", text(2000)}};
    auto chosen = password;
    chosen.name = "new_password";
    chosen.wrong.push_back(R"("correct horse")");
    const auto compared = [](const char* field) { return Field{field, true, {R"("wrong horse")", text(1025)}}; };
    auto changed = std::vector{name, email, timezone};
    for (auto& field : changed) field.required = false;
    changed.push_back({"preferences", false, {}});
    const bj::object preferences{{"week_start", "sunday"}};
    return {
        {Method::post,
         "/api/auth/sign-up",
         {{"name", "Grace Hopper"}, {"email", "grace@example.org"}, {"password", "a fine bell"}, {"timezone", "UTC"}},
         {name, email, password, timezone},
         false},
        {Method::post,
         "/api/auth/sign-in",
         {{"email", "grace@example.org"}, {"password", "correct horse"}},
         {{"email", true, {text(1025)}}, {"password", true, {text(1025)}}},
         false},
        {Method::post,
         "/api/auth/change-password",
         {{"current_password", "correct horse"}, {"new_password", "a fine bell"}},
         {compared("current_password"), chosen},
         true},
        {Method::patch,
         "/api/auth/me",
         {{"name", "Grace"}, {"email", "g@example.org"}, {"timezone", "UTC"}, {"preferences", preferences}},
         changed,
         true},
        {Method::del, "/api/auth/me", {{"password", "correct horse"}}, {compared("password")}, true},
        {Method::post,
         "/api/tokens",
         {{"name", "backup"}, {"expires_at", "2028-01-01T00:00:00Z"}},
         {name,
          {"expires_at",
           false,
           {R"("tomorrow")", R"("2028-01-01")", R"("2028-01-01T00:00:00")", R"("2027-03-01T12:00:00Z")",
            R"("0000-01-01T00:00:00Z")", R"("10000-01-01T00:00:00Z")", R"("2028-02-30T00:00:00Z")"}}},
         true},
    };
}

class Bad {
public:
    explicit Bad(Backend backend) : world(backend, generous()) {
        account = World::account_of(
            world.server.call(Method::post, "/api/auth/sign-up",
                              R"({"name":"Grace Hopper","email":"grace@example.org","password":"correct horse"})"));
        world.account("taken@example.org");
        before = world.everything();
    }

    Response send(const Form& form, const std::string& body, const std::string& content_type = "application/json") {
        Call with;
        if (form.signed_in) with.token = account.token;
        with.content_type = content_type;
        return world.server.call(form.method, form.path, body, with);
    }
    void refused(const Form& form, const std::string& body, const std::string& field) {
        const auto response = send(form, body);
        INFO(form.path << " " << body.substr(0, 200) << " answered " << response.status << " " << response.body);
        CHECK(response.status == 422);
        CHECK(response.content_type == "application/problem+json");
        const auto named = wrong_fields(response);
        CHECK(std::find(named.begin(), named.end(), field) != named.end());
    }

    World world;
    Account account;
    std::string before;

private:
    static Options generous() {
        auto options = test_options();
        options.wrong_passwords_per_account.count = options.wrong_passwords_per_address.count = 1000;
        return options;
    }
};

/// `good` with one field's JSON text replaced.
std::string with_field(const bj::object& good, const std::string& name, const std::string& json) {
    std::string body = "{";
    for (const auto& [key, value] : good) {
        if (key != name) body += bj::serialize(key) + ":" + bj::serialize(value) + ",";
    }
    return body + "\"" + name + "\":" + json + "}";
}

}  // namespace

TEST_CASE("every wrong field of every request is named and nothing is stored", "[identity]") {
    Bad bad(GENERATE(Backend::sqlite, Backend::postgresql));
    for (const auto& form : forms()) {
        for (const auto& field : form.fields) {
            auto without = form.good;
            without.erase(field.name);
            if (field.required) bad.refused(form, bj::serialize(without), field.name);
            const bool nullable = field.name == "expires_at" || field.name == "preferences";
            if (!nullable) bad.refused(form, with_field(form.good, field.name, "null"), field.name);
            for (const auto& json : wrong_for_text) {
                if (field.name == "preferences" && json == "{}") continue;
                // Blanks are text that a password may be compared with; it is then a wrong one.
                const bool sign_in_password = form.path == "/api/auth/sign-in" && field.name == "password";
                if (sign_in_password && json.find_first_not_of(" \"") == json.npos && json != R"("")") continue;
                if (sign_in_password && json == R"("\u3000\u00a0")") continue;
                bad.refused(form, with_field(form.good, field.name, json), field.name);
            }
            for (const auto& json : field.wrong) bad.refused(form, with_field(form.good, field.name, json), field.name);
        }
        auto unknown = form.good;
        unknown["admin"] = true;
        bad.refused(form, bj::serialize(unknown), "admin");
    }
    CHECK(bad.world.everything() == bad.before);
}

TEST_CASE("every wrong preference is named", "[identity]") {
    Bad bad(Backend::sqlite);
    const Form form{Method::patch, "/api/auth/me", {}, {}, true};
    const std::vector<std::pair<std::string, std::vector<std::string>>> wrong{
        {"week_start", {R"("tuesday")", "1", R"("Monday")"}},
        {"default_reminder_time",
         {R"("24:00")", R"("09:60")", R"("9:00")", R"("09:00:00")", R"("aa:bb")", "540", R"("")"}},
        {"theme", {R"("blue")", "null1"}},
        {"locale", {R"("e")", R"("en_US")", R"("-en")", R"("en--US")", text(36), "1", R"("e\u0000n")"}},
        {"notifications", {R"("yes")", "1"}},
        {"sounds", {R"("no")", "0", "[]"}},
        {"font", {R"("Comic Sans")"}}};
    for (const auto& [name, values] : wrong) {
        for (const auto& value : values) {
            if (value == "null1") continue;
            bad.refused(form, R"({"preferences":{")" + name + R"(":)" + value + "}}", "preferences." + name);
        }
    }
    CHECK(bad.world.everything() == bad.before);
}

TEST_CASE("all wrong fields are named at once", "[identity]") {
    Bad bad(Backend::sqlite);
    const auto answer = bad.world.server.call(
        Method::post, "/api/auth/sign-up", R"({"name":"","email":"x","password":"short","timezone":"Mars","admin":1})");
    CHECK(wrong_fields(answer) == std::vector<std::string>{"name", "email", "timezone", "password", "admin"});
}

TEST_CASE("what is no JSON object is refused", "[identity]") {
    Bad bad(Backend::sqlite);
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += "[";
    for (const auto& form : forms()) {
        INFO(form.path);
        const auto good = bj::serialize(form.good);
        for (const auto& body :
             {std::string(), std::string("{"), good.substr(0, good.size() / 2), std::string("{\"name\":\"\xff\"}"),
              std::string(R"({"name":"\ud800"})"), deep, good + "x"}) {
            CHECK(bad.send(form, body).status == 400);
        }
        for (const auto* body : {"[]", "null", "\"text\"", "1"}) CHECK(bad.send(form, body).status == 422);
        CHECK(bad.send(form, good, "text/plain").status == 415);
        CHECK(bad.send(form, good, "").status == 415);
        const auto& first = form.fields.front().name;
        bad.refused(form, "{\"" + first + "\":1,\"" + first + "\":2}", first);
        CHECK(bad.send(form, with_field(form.good, first, text(2 * 1024 * 1024))).status == 422);
    }
    CHECK(bad.world.everything() == bad.before);
}

TEST_CASE("unknown query parameters are refused everywhere", "[identity]") {
    Bad bad(Backend::sqlite);
    const auto forms_ = forms();
    Call with;
    with.token = bad.account.token;
    with.cookie = bad.account.cookie;
    with.query = {{"force", "1"}};
    const auto check = [&](Method method, const std::string& path, const std::string& body) {
        INFO(path);
        const auto answer = bad.world.server.call(method, path, body, with);
        CHECK(answer.status == 422);
        CHECK(wrong_fields(answer) == std::vector<std::string>{"force"});
    };
    for (const auto& form : forms_) check(form.method, form.path, bj::serialize(form.good));
    const std::string id = "0195f2a0-0000-7000-8000-000000000000";
    check(Method::get, "/api/auth/me", "");
    check(Method::get, "/api/auth/sessions", "");
    check(Method::get, "/api/tokens", "");
    check(Method::del, "/api/auth/sessions", "");
    check(Method::del, "/api/auth/sessions/" + id, "");
    check(Method::del, "/api/tokens", "");
    check(Method::del, "/api/tokens/" + id, "");
    check(Method::post, "/api/auth/refresh", "");
    check(Method::post, "/api/auth/sign-out", "");
    CHECK(bad.world.everything() == bad.before);
}

TEST_CASE("a bad Idempotency-Key is refused", "[identity]") {
    World world(Backend::sqlite);
    Call with;
    with.headers = {
        {"Idempotency-Key", GENERATE(std::string("two words"), std::string(256, 'k'), std::string("caf\xC3\xA9"))}};
    CHECK(wrong_fields(world.sign_up("ada@example.org", with)) == std::vector<std::string>{"Idempotency-Key"});
    CHECK(world.count("SELECT count(*) FROM users") == 0);
}

TEST_CASE("an address of another script and a long one are fine", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    CHECK(world.sign_up("\xD0\xB0\xD0\xB4\xD0\xB0@\xD0\xBF\xD1\x80\xD0\xB8\xD0\xBC\xD0\xB5\xD1\x80.\xD1\x80\xD1\x84")
              .status == 201);
    CHECK(world.sign_up("a+b.c_d-e@xn--mgbh0fb.example").status == 201);
    CHECK(world.sign_up(std::string(64, 'a') + "@" + std::string(189, 'b')).status == 201);
    CHECK(world.sign_in("\xD0\x90\xD0\x94\xD0\x90@\xD0\xBF\xD1\x80\xD0\xB8\xD0\xBC\xD0\xB5\xD1\x80.\xD1\x80\xD1\x84")
              .status == 200);
}

TEST_CASE("a strange User-Agent does not spoil the session", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const std::string agent =
        GENERATE(std::string("\xff\xfe"), std::string("a\0b", 3), std::string(150, 'x') + std::string(200, '\xC3'),
                 std::string(199, 'x') + "\xC3\xA9");
    http::Header header{"User-Agent", agent};
    Call with;
    with.headers = {header};
    const auto account = world.account("ada@example.org", with);
    with = {};
    with.token = account.token;
    CHECK(world.server.call(Method::get, "/api/auth/sessions", "", with).status == 200);
}
