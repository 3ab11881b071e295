// Does nothing: what the targets of precompiled headers compile.
int main() {}
