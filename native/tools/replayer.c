// Placeholder: the trace replayer takes this place.
int main(void) { return 64; }
