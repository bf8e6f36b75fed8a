namespace ExpEther.Bridge.Io.Functions;

/// <summary>All functions of the box, by number (on links) and by name (for people).</summary>
internal sealed class FunctionTable
{
    private readonly List<IoFunction> _functions = [];

    public IReadOnlyList<IoFunction> All => _functions;

    /// <summary>Numbers are handed out in order, from 0.</summary>
    public ushort NextNumber => (ushort)_functions.Count;

    public void Add(IoFunction function)
    {
        Check.That(function.Number == _functions.Count);
        _functions.Add(function);
    }

    public IoFunction? Find(int number) => number < _functions.Count ? _functions[number] : null;

    public IoFunction? Find(string name) => _functions.Find(f => f.Name == name);
}
