namespace ExpEther.Daemon.Counters;

/// <summary>A file is no counter page that can be read; the message says in what way.</summary>
public sealed class CounterPageException(string message) : Exception(message);
