#include "app/config.hpp"

#include "support/database.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <regex>

using namespace carillon;
using Catch::Matchers::Contains;

namespace {
std::string repository_file(const std::string& name) {
    std::ifstream in(std::string(CARILLON_TEST_DATA "/../../") + name);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string refused(const Environment& environment) {
    try {
        load_config("", environment);
    } catch (const ConfigError& e) {
        return e.what();
    }
    return "accepted";
}
}  // namespace

TEST_CASE("the documented file sets every key to its default, and .env.example names each") {
    const auto file = load_config(CARILLON_TEST_DATA "/../../config/carillon.toml", {});
    const auto defaults = load_config("", {});
    const auto documented = repository_file("config/carillon.toml");
    const auto example = repository_file(".env.example");
    for (const auto& setting : settings()) {
        INFO(setting.name);
        CHECK(setting.get(file) == setting.get(defaults));
        CHECK_THAT(documented, Contains("\n" + setting.name + " = "));
        auto variable = setting.name;
        for (auto& c : variable) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        CHECK_THAT(example, Contains("\nCARILLON_" + variable + "="));
    }
}

TEST_CASE("a variable beats the file, and _FILE reads a secret") {
    test::TemporaryFolder folder;
    std::ofstream(folder / "c.toml")
        << "listen = \"127.0.0.1:1\"\nthreads = 3\nallowed_origins = [\"https://a\", \"https://b\"]\n";
    std::ofstream(folder / "secret") << "postgresql://u:secret@h/d\n";
    const auto config = load_config(
        folder / "c.toml", {{"CARILLON_LISTEN", "127.0.0.1:2"}, {"CARILLON_DATABASE_URL_FILE", folder / "secret"}});
    CHECK(config.listen == "127.0.0.1:2");
    CHECK(config.threads == 3);
    CHECK(config.allowed_origins == std::vector<std::string>{"https://a", "https://b"});
    CHECK(config.database_url == "postgresql://u:secret@h/d");
    CHECK(config.public_url == "http://127.0.0.1:2");
    CHECK_THAT(show_config(config), !Contains("secret") && Contains("postgresql://u:***@h/d"));
    CHECK_THAT(show_config(load_config({}, {{"CARILLON_KAFKA_PASSWORD", "s3cret"}})),
               Contains("kafka_password = ***") && !Contains("s3cret"));
}

TEST_CASE("no form of a database password is shown") {
    for (const auto* url :
         {"postgresql://u:s3cret@h/d", "postgresql://u:s3:c@ret@h/d?sslmode=require",
          "postgresql://h/d?user=u&password=s3cret&sslmode=require", "postgresql://h/d?password=s3cret"}) {
        const auto shown = show_config(load_config({}, {{"CARILLON_DATABASE_URL", url}}));
        INFO(shown);
        CHECK_THAT(shown, !Contains("s3") && !Contains("ret@") && Contains("***"));
        CHECK(shown.find("database_url") < shown.find("@h/d") + shown.find("//h/d"));
    }
}

TEST_CASE("an unknown key or a bad value stops the start with one clear line") {
    CHECK_THAT(refused({{"CARILLON_LISTNE", "x"}}), Contains("CARILLON_LISTNE") && !Contains("\n"));
    CHECK_THAT(refused({{"CARILLON_THREADS", "many"}}), Contains("threads must be a whole number from 0 to 256"));
    CHECK_THAT(refused({{"CARILLON_THREADS", "999"}}), Contains("threads"));
    CHECK_THAT(refused({{"CARILLON_LISTEN", "8080"}}), Contains("listen must be an address and a port"));
    CHECK_THAT(refused({{"CARILLON_LISTEN", "127.0.0.1:70000"}}), Contains("listen"));
    CHECK_THAT(refused({{"CARILLON_EVENT_BUS", "pigeon"}}), Contains("event_bus must be one of memory"));
    CHECK_THAT(refused({{"CARILLON_DATABASE_URL_FILE", "/does/not/exist"}}), Contains("cannot read"));
    CHECK_THAT(refused({{"CARILLON_LISTEN", "a:1"}, {"CARILLON_LISTEN_FILE", "x"}}), Contains("both set"));

    test::TemporaryFolder folder;
    std::ofstream(folder / "c.toml") << "listen = \"127.0.0.1:1\"\ncolour = \"red\"\n";
    CHECK_THROWS_WITH(load_config(folder / "c.toml", {}), Contains("colour"));
    std::ofstream(folder / "d.toml") << "listen = \n";
    CHECK_THROWS_WITH(load_config(folder / "d.toml", {}), Contains("d.toml:1"));
    CHECK_THROWS_WITH(load_config(folder / "none.toml", {}), Contains("cannot read"));
}
