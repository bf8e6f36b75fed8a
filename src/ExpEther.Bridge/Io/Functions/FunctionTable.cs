namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// All functions of the box, by number (on links) and by name (for people). A number is given once and never again while the bridge runs:
/// a host may still send, or answer, what it had for the function that was there before.
/// </summary>
internal sealed class FunctionTable
{
    private readonly List<IoFunction> _functions = [];
    private readonly List<IoFunction?> _byNumber = [];

    public IReadOnlyList<IoFunction> All => _functions;

    /// <summary>How many more can come.</summary>
    public int NumbersLeft => IoBridgeLimits.FunctionNumbersMax - _byNumber.Count;

    /// <summary>Numbers are handed out in order, from 0.</summary>
    public void Add(IoFunction function)
    {
        Check.That(NumbersLeft > 0 && Find(function.Name) is null);
        function.Number = (ushort)_byNumber.Count;
        _functions.Add(function);
        _byNumber.Add(function);
    }

    public void Remove(IoFunction function)
    {
        Check.That(_functions.Remove(function));
        _byNumber[function.Number] = null;
    }

    public IoFunction? Find(int number) => number < _byNumber.Count ? _byNumber[number] : null;

    public IoFunction? Find(string name) => _functions.Find(f => f.Name == name);
}
