using ExpEther.Bridge.Io;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// What a command on a virtual function does to its owner's namespaces: a move carries them to the new host, everything else leaves them
/// where they are. Where the owner has several functions, or other commands are under way, it is not known which of them went.
/// </summary>
internal sealed class CarriedNamespaces
{
    // Nothing was done at all.
    private static readonly string[] Refusals =
    [
        RefusalCode.NoSuchFunction, RefusalCode.PhysicalFunction, RefusalCode.NoSuchHost, RefusalCode.AlreadyOwned, RefusalCode.NotOwned,
        RefusalCode.HostNotConnected, RefusalCode.Busy, RefusalCode.NotStarted,
    ];

    private readonly FabricRun _run;
    private readonly BoxStation _box;
    private readonly string? _device;
    private readonly string? _from;
    private readonly bool _isOnlyOne;
    private readonly long _mark;

    public CarriedNamespaces(FabricRun run, BoxStation box, string function)
    {
        (_run, _box) = (run, box);
        if (box.Shared is not { } shared || !shared.Has(function))
        {
            return;
        }

        _device = shared.Name;
        _mark = box.Activity.Begin();
        var functions = box.Bridge.Status().Functions;
        _from = functions.FirstOrDefault(each => each.Name == function)?.Owner;
        _isOnlyOne = functions.Count(each => each.Owner == _from && shared.Has(each.Name)) == 1;
    }

    /// <param name="result">Of the command.</param>
    /// <param name="isMove">It was a move.</param>
    public void OnEnded(BridgeResult result, bool isMove)
    {
        if (_device is null)
        {
            return;
        }

        var isAlone = _box.Activity.End(_mark);
        _box.SettleOwners();
        if (!isMove || Refusals.Contains(result.Code))
        {
            return;
        }

        var isKnown = isAlone && result.Ok && _isOnlyOne && result.From == _from;
        foreach (var model in _run.Namespaces.Of(_device).Where(each => each.KnownOwner is not null && (!isAlone || each.KnownOwner == _from)))
        {
            if (isKnown && model.IsOwnerKnown && model is { Fate: NamespaceFate.Lives, IsMissing: false })
            {
                model.Know(result.To);
                _run.Count("namespacesMoved");
            }
            else
            {
                model.ForgetOwner();
            }
        }
    }
}
