#include "carillon/http/message.hpp"
#include "carillon/http/router.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace carillon;
using namespace carillon::http;

namespace {

Request with_query(std::vector<std::pair<std::string, std::string>> query) {
    Request request;
    request.query = std::move(query);
    return request;
}

std::map<std::string, std::string> refusals(Query& query) {
    std::map<std::string, std::string> result;
    const auto finished = query.finish();
    if (finished) return result;
    CHECK(finished.error().code == Errc::invalid);
    for (const auto& error : finished.error().fields) {
        CHECK(result.count(error.field) == 0);
        result[error.field] = error.message;
    }
    return result;
}

std::string header_of(const Response& response, std::string_view name) {
    for (const auto& header : response.headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

}  // namespace

TEST_CASE("each Errc has its status and its own type") {
    const std::map<Errc, int> expected{
        {Errc::bad_request, 400}, {Errc::unauthenticated, 401},   {Errc::forbidden, 403},
        {Errc::not_found, 404},   {Errc::conflict, 409},          {Errc::precondition_failed, 412},
        {Errc::too_large, 413},   {Errc::unsupported_media, 415}, {Errc::invalid, 422},
        {Errc::throttled, 429},   {Errc::unavailable, 503},       {Errc::internal, 500}};
    std::set<std::string> types;
    for (const auto& [code, status] : expected) {
        const auto response = problem(Error{code, "What happened."});
        CHECK(response.status == status);
        CHECK(response.content_type == "application/problem+json");
        const auto document = boost::json::parse(response.body).as_object();
        CHECK(document.at("status").as_int64() == status);
        CHECK(document.at("detail").as_string() == "What happened.");
        CHECK_FALSE(document.at("title").as_string().empty());
        CHECK_FALSE(document.contains("errors"));
        types.insert(std::string(document.at("type").as_string()));
    }
    CHECK(types.size() == expected.size());
}

TEST_CASE("a problem names every wrong field and says when to try again") {
    const auto response = problem(invalid({{"title", "is required"}, {"tags.0", "must be text"}}));
    CHECK(boost::json::serialize(boost::json::parse(response.body).at("errors")) ==
          R"([{"field":"title","message":"is required"},{"field":"tags.0","message":"must be text"}])");
    Error throttled{Errc::throttled, "Too many."};
    throttled.retry_after = 7;
    CHECK(header_of(problem(throttled), "Retry-After") == "7");
    CHECK_FALSE(header_of(problem(Error{Errc::unavailable, "Away."}), "Retry-After").empty());
    CHECK(header_of(problem(Error{Errc::unauthenticated, "Sign in."}), "WWW-Authenticate") == "Bearer");
    CHECK(header_of(problem(Error{Errc::conflict, "No."}), "Retry-After").empty());
}

TEST_CASE("headers are found in any case") {
    Request request;
    request.headers = {{"X-One", "1"}, {"x-one", "2"}};
    CHECK(request.header("X-ONE") == "1");
    CHECK(request.header("X-Two").empty());
}

TEST_CASE("Query reads what it knows") {
    const auto request = with_query({{"page", "2"},
                                     {"status", "all"},
                                     {"after", "2027-02-28T08:00:00+02:00"},
                                     {"before", "2027-02-28T08:00:00 02:00"},
                                     {"search", " 100% _"}});
    Query query(request);
    CHECK(query.integer("page", 1, 100) == 2);
    CHECK_FALSE(query.integer("limit", 1, 100).has_value());
    CHECK(query.choice("status", {"active", "all"}) == "all");
    CHECK(query.instant("after").has_value());
    CHECK(query.instant("after") == query.instant("before"));
    CHECK(query.text("search") == " 100% _");
    CHECK(refusals(query).empty());
}

TEST_CASE("Query refuses wrong, unknown and doubled parameters, all at once") {
    const auto request = with_query({{"page", "0"},
                                     {"limit", "ten"},
                                     {"huge", "1000000000000000000000"},
                                     {"blank", ""},
                                     {"status", "done"},
                                     {"after", "yesterday"},
                                     {"search", std::string("a\0b", 3)},
                                     {"sort", "title"},
                                     {"sort", "title"},
                                     {"filter", "x"},
                                     {"filter", "y"},
                                     {"plus", "+1"},
                                     {"real", "1.0"}});
    Query query(request);
    for (const auto name : {"page", "limit", "huge", "blank", "plus", "real"})
        CHECK_FALSE(query.integer(name, 1, 100).has_value());
    CHECK_FALSE(query.choice("status", {"active", "all"}).has_value());
    CHECK_FALSE(query.instant("after").has_value());
    CHECK_FALSE(query.text("search").has_value());
    query.text("sort");
    CHECK(refusals(query) == std::map<std::string, std::string>{
                                 {"page", "must be 1 to 100"},
                                 {"limit", "must be a whole number"},
                                 {"huge", "must be 1 to 100"},
                                 {"blank", "must be a whole number"},
                                 {"plus", "must be a whole number"},
                                 {"real", "must be a whole number"},
                                 {"status", "must be one of: active, all"},
                                 {"after", "must be a date and time with offset, such as 2027-02-28T08:00:00Z"},
                                 {"search", "must not hold control characters"},
                                 {"sort", "was given twice"},
                                 {"filter", "is not a known parameter"}});
}

TEST_CASE("id_param takes one spelling of a positive integer") {
    Request request;
    request.params = {"42", "9223372036854775807"};
    CHECK(*id_param(request) == 42);
    CHECK(*id_param(request, 1) == 9223372036854775807);
    for (const auto bad :
         {"0", "-1", "+1", "007", "", " 1", "1 ", "1.0", "1e3", "abc", "9223372036854775808", "0x10", "%31"}) {
        CAPTURE(bad);
        request.params = {bad};
        const auto id = id_param(request);
        REQUIRE_FALSE(id.has_value());
        CHECK(id.error().code == Errc::not_found);
    }
}
