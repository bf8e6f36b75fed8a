namespace ExpEther.Daemon.Config;

/// <summary>A key that is printed in the examples seals nothing.</summary>
public static class ExampleKeys
{
    public static void Warn(IEnumerable<(string Name, byte[] Key)> keys, IEventSink events)
    {
        foreach (var (name, key) in keys)
        {
            if (key.Length > 0 && KeyMaterial.IsExample(key))
            {
                events.Report(EventSeverity.Warning, name, "uses the key of the examples, which everybody knows; make one by `expether keygen`");
            }
        }
    }
}
