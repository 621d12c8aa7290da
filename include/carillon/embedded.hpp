// Files that cmake/Embed.cmake compiles into the executable.
#pragma once

#include <string_view>
#include <vector>

namespace carillon::embedded {

struct File {
    std::string_view name;  ///< without folder
    std::string_view bytes;
    std::string_view hash = {};  ///< of the bytes, at build time: a start need not read them all
};

const std::vector<File>& migrations_sqlite();
const std::vector<File>& migrations_postgresql();
const std::vector<File>& page();           ///< the built page with its .br and .gz; empty where it is not built
const std::vector<File>& api_documents();  ///< openapi.json, asyncapi.json

}  // namespace carillon::embedded
